"""A whole portal of its own for tests: real processes, a real front door, real machines on the engine that is there.

    def test_…(portal: Portal) -> None:          # the fixture; one portal for the whole session
        service = portal.launch("tiny")
        service.reaches("ready")

People act through the portal's pages. What the rows say is read from its database, and never written.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import docker
import httpx
import pytest
from docker.models.containers import Container
from docker.models.networks import Network

from cli.home import CHECKOUT
from cli.visitor import Visitor, plain
from tests.benchmarks.house import ADD
from tests.catalog.repos import commit, make_repo
from tests.cli.installation import Installation
from tests.conformance.lossy import LossyProxy
from tests.e2e.service import Row, Service
from tests.waiting import until

APPS = Path(__file__).with_name("apps")
BEHAVIOURS = ("fine", "gate", "hang", "loud", "needs-parts", "wordy")
PROGRAMS = ("up", "web", "clicks", "sweep", "front-door")
PASSWORD = "a long way to the fair"


class Portal(Installation):
    """One installation. Its engine is reached through a proxy, so that only for this portal it may be away."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.engine_host = self.env["DOCKER_HOST"]
        self.engine = LossyProxy(self.folder / "engine.sock", self.engine_host.removeprefix("unix://"))
        self.apps = self.folder / "apps"
        self.env |= {
            "DOCKER_HOST": f"unix://{self.engine.path}",
            "GIT_TRUSTED": f"file://{self.apps}/",
            "BUILDING_AT_ONCE": "12",
            "SERVICES_PER_PERSON": "100",
        }

    # --- its programs ---------------------------------------------------------------------------------------------------

    def start(self) -> str:
        """Bring it up; return what it said."""
        began = self.up()
        assert began.returncode == 0, began.stdout + began.stderr
        return began.stdout

    def kill(self, *names: str) -> None:
        """Kill these programs at one instant, so hard that they cannot say goodbye."""
        pids = [pid for name in names if (pid := self.pid(name))]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until("all are dead", lambda: not any(self.pid(name) for name in names))

    def manage(self, *words: str) -> str:
        """Run manage.py, as an administrator at the command line does; return what it said."""
        command = [sys.executable, str(CHECKOUT / "manage.py"), *words]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=self.env, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # --- its apps and people --------------------------------------------------------------------------------------------

    def shelve_tiny(self, behaviours: Sequence[str] = BEHAVIOURS) -> None:
        """Put a tiny app on the shelf for each of these ways in which an installer can behave."""
        make_repo(self.apps / "tiny-data", _files(APPS / "tiny" / "data"))
        urls = [self._repository(behaviour) for behaviour in behaviours]
        self.manage("shell", "-v", "0", "-c", "".join(ADD.format(url=url) for url in urls))

    def _repository(self, behaviour: str) -> str:
        folder = self.apps / slug(behaviour)
        shutil.copytree(APPS / "tiny" / "service", folder)
        manifest = (folder / "fairground.toml").read_text().replace('id = "tiny"', f'id = "{slug(behaviour)}"')
        if (APPS / behaviour).exists():
            shutil.copytree(APPS / behaviour, folder, dirs_exist_ok=True)
            manifest += (folder / "more.toml").read_text()
        (folder / "fairground.toml").write_text(manifest.replace("file:///APPS", f"file://{self.apps}"))
        (folder / "behave").write_text(behaviour)
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
        commit(folder, {})
        return f"file://{folder}"

    def publish_news(self, text: str) -> None:
        """Push new content for the tiny apps."""
        commit(self.apps / "tiny-data", {"news.txt": text})

    def person(self, name: str) -> Visitor:
        """Somebody who signs up."""
        visitor, mail = Visitor(f"http://localhost:{self.port}", self.apps_port), f"{name}@example.org"
        visitor.look("/accounts/signup/")
        visitor.press("Make my account", email=mail, password1=PASSWORD)
        code = re.findall(r"\b[0-9]{6}\b", until("the code came by mail", lambda: visitor.mail(mail, "")))
        visitor.press("Confirm", code=code[0])
        return visitor

    @cached_property
    def ada(self) -> Visitor:
        """Whoever launches, when it does not matter who."""
        return self.person("ada")

    def launch(self, app: str, by: Visitor | None = None, **values: str) -> Service:
        """Press the one button; return the service at once."""
        by = by or self.ada
        by.look(f"/services/new?app={app}")
        by.press("Set up", **{f"p_{name}": value for name, value in values.items()})
        key = by.browser_at.path.rpartition("/")[2]
        assert key != "new", plain(by.page)
        return Service(self, key, by)

    # --- what is there --------------------------------------------------------------------------------------------------

    def rows(self, query: str, *given: object) -> list[Row]:
        """Read the database."""
        address = f"file:{self.folder}/home/fairground.sqlite3?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, given)]

    @cached_property
    def docker(self) -> docker.DockerClient:
        """The engine itself, past the proxy."""
        return docker.DockerClient(base_url=self.engine_host)

    def left_of(self, key: str) -> list[str]:
        """What the engine still has of a machine."""
        return [str(one.attrs["Name"]) for one in self._with_label(f"fairground.key={key}")]

    def roll_call(self) -> set[str]:
        """The machines that the place itself tells of."""
        return set(json.loads(self.manage("roll_call"))["machines"])

    def door_lines(self) -> str:
        """The front door's own word on where addresses lead."""
        wire = httpx.HTTPTransport(uds=f"{self.folder}/run/caddy.sock")
        with httpx.Client(transport=wire, base_url="http://fairground") as client:
            return client.get("/id/lines/mappings").text

    def setting(self, name: str) -> str:
        """A setting that `up` wrote; empty if it never came so far."""
        written = self.folder / "home" / "fairground.env"
        return written.read_text().partition(f"{name}=")[2].split("\n")[0] if written.exists() else ""

    def last_lines(self, count: int = 12) -> str:
        """What its workers said last, each so many lines."""
        logs = ((name, self.folder / "home" / "logs" / f"{name}.log") for name in ("clicks", "sweep"))
        ends = ((name, log.read_text(errors="replace").splitlines()[-count:]) for name, log in logs if log.exists())
        return "\n".join(f"{name}: {line}" for name, lines in ends for line in lines)

    def clear_away(self) -> None:
        """Remove every machine of this portal, whatever state its tests have left it in."""
        for one in self._with_label(f"fairground.owner={self.setting('PORTAL_ID')}"):
            one.remove(**({"force": True, "v": True} if isinstance(one, Container) else {}))

    def _with_label(self, label: str) -> list[Container | Network]:
        """Machines, then networks."""
        machines = self.docker.containers.list(all=True, ignore_removed=True, filters={"label": label})
        return [*machines, *self.docker.networks.list(filters={"label": label})]


def slug(behaviour: str) -> str:
    """The tiny app's name whose installer behaves like this."""
    return "tiny" if behaviour == "fine" else f"tiny-{behaviour}"


def _files(folder: Path) -> dict[str, str | bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def open_portal(*behaviours: str) -> Iterator[Portal]:
    """A portal that runs, with a tiny app on its shelf for each of these; afterwards nothing of it is left."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as folder:
        Path(folder).chmod(0o711)  # its engine may be another user
        here = Portal(Path(folder))
        try:
            here.start()
            here.shelve_tiny(behaviours)
            yield here
        finally:
            here.fairground("down")
            here.clear_away()
            here.engine.close()


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    """A portal that runs, with everything on its shelf."""
    with open_portal(*BEHAVIOURS) as here:
        yield here
