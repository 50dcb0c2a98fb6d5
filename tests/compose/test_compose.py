"""docker-compose.yml, brought up for real, up to a page that answers, and down again."""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from cli.home import CHECKOUT
from cli.visitor import plain
from tests.compose.house import LONG, Composed
from tests.engine import EnginePlace, engine
from tests.waiting import until

__all__ = ["engine"]
pytestmark = [
    pytest.mark.engine,
    pytest.mark.compose,
    pytest.mark.thorough,
    pytest.mark.timeout(2000),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mmdebstrap"), reason="needs root and mmdebstrap"),
]
OURS = ("web", "clicks", "sweep", "door")


@pytest.fixture(scope="module")
def here(engine: EnginePlace) -> Iterator[Composed]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as folder, ExitStack() as last:
        Path(folder).chmod(0o711)
        project = Composed(Path(folder), engine, last)
        project.prepare()
        project.up()
        yield project


class TestOneProject:
    """In the order in which it happens; bringing it up takes a minute or two."""

    def test_every_program_is_healthy_and_the_workers_hear_the_clock(self, here: Composed) -> None:
        page = httpx.get(f"http://localhost:{here.web_port}/healthz/ready", trust_env=False)
        assert (page.status_code, page.text) == (200, "fine\n")

    @pytest.mark.parametrize("service", OURS)
    def test_our_programs_are_nobody_and_can_write_nowhere_but_into_their_volumes(
        self, here: Composed, service: str
    ) -> None:
        facts = here.inspect(service)
        assert facts["Config"]["User"] == "fairground"
        assert (facts["HostConfig"]["ReadonlyRootfs"], facts["HostConfig"]["CapDrop"]) == (True, ["ALL"])

    def test_the_engine_is_in_the_hands_of_the_two_workers_alone(self, here: Composed) -> None:
        holders = {
            service
            for service in (*OURS, "db", "broker")
            if any(mount["Destination"] == "/run/engine.sock" for mount in here.inspect(service)["Mounts"])
        }
        assert holders == {"clicks", "sweep"}

    def test_one_press_ends_with_a_page_that_answers(self, here: Composed) -> None:
        visitor = here.admin()
        visitor.look("/services/new?app=tiny")
        visitor.press("Set up")
        path = visitor.browser_at.path

        def is_open() -> bool:
            page = visitor.look(path)
            assert 'id="retry"' not in page, plain(page)
            return "Copy the address" in page

        until("the service is open", is_open, LONG)
        address = re.search(rf"http://[a-z0-9-]+\.apps\.localhost:{here.apps_port}/", visitor.page)
        assert address
        assert "Tiny is here" in visitor.visit(address[0]).text

    def test_no_secret_stands_in_the_file_and_what_holds_them_is_for_our_eyes_only(self, here: Composed) -> None:
        secrets = r"(?:PASSWORD|SECRET_KEY|FIELD_KEYS)\S*\s*[:=]\s*(.*)"
        assert all("${" in value for value in re.findall(secrets, (CHECKOUT / "docker-compose.yml").read_text()))
        assert stat.S_IMODE((here.folder / ".env").stat().st_mode) == 0o600

    def test_when_it_is_taken_down_nothing_is_left(self, here: Composed) -> None:
        assert here.left()
        here.down()
        assert here.left() == []
