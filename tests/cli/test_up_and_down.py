"""`up`, `status` and `down` as a whole, on a real engine and a real Caddy."""

import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.installation import Installation
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
OURS = ("web", "clicks", "sweep")


@pytest.fixture(scope="module")
def here() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as folder:
        Path(folder).chmod(0o711)
        installation = Installation(Path(folder))
        began = installation.up()
        assert began.returncode == 0, began.stdout + began.stderr
        assert "First administrator, shown only this once" in began.stdout
        yield installation
        ended = installation.fairground("down")
        assert ended.returncode == 0, ended.stderr
        assert not any(installation.pid(name) for name in (*OURS, "up", "front-door"))


def test_the_portal_answers_and_its_front_door_shows_our_page(here: Installation) -> None:
    assert here.get().status_code == 200
    page = httpx.get(f"http://127.0.0.1:{here.apps_port}/", headers={"Host": "nobody.apps.localhost"}, trust_env=False)
    assert (page.status_code, page.headers["x-fairground-door"]) == (404, "none")


def test_a_second_start_says_that_it_runs_already(here: Installation) -> None:
    second = here.up()
    assert second.returncode == 1
    assert f"running already, at http://localhost:{here.port}" in second.stderr


def test_what_we_keep_is_for_our_eyes_only(here: Installation) -> None:
    for path in (here.folder / "home").rglob("*"):
        if path.is_file() and "staticfiles" not in str(path):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


@pytest.mark.parametrize("name", ["web", "sweep", "front-door"])
def test_a_program_that_is_killed_is_started_again(here: Installation, name: str) -> None:
    before = here.pid(name)
    os.kill(before, signal.SIGKILL)
    until(f"another {name}", lambda: here.pid(name) not in {0, before})
    until("the portal answers", here.answers)


def test_status_tells_what_runs(here: Installation) -> None:
    told = here.fairground("status")
    assert told.returncode == 0
    assert f"web          pid {here.pid('web')}" in told.stdout


def test_after_a_kill_of_up_itself_the_next_one_takes_over_and_asks_nothing(here: Installation) -> None:
    left = here.pid("web")
    os.kill(here.pid("up"), signal.SIGKILL)
    until("it is gone", lambda: not here.pid("up"))
    again = here.fairground("up", "--detach")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "First administrator" not in again.stdout
    assert here.pid("web") not in {0, left}
