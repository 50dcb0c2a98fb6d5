"""docker-compose.yml brought up for real: its images built here, its containers on the engine that machines live on.

Where no registry answers, Debian comes from packages by mmdebstrap, and PostgreSQL and Redis are Debian's: their images
are called …-from-packages, and stand in for the official ones. An engine that maps users lets no group of a container
reach its socket, so containers get one of ours, which passes everything on.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.compose import compose
from cli.home import CHECKOUT
from cli.visitor import Visitor
from tests.conformance.lossy import LossyProxy
from tests.engine import EnginePlace
from tests.front_door.doors import free_port
from tests.waiting import until

BASE = "fairground/debian-from-packages:bookworm"
PACKAGES = "ca-certificates,caddy,git,postgresql,python3,python3-venv,redis-server"
HERE = Path(__file__).parent
TINY = HERE.parent / "e2e" / "apps" / "tiny"
LONG = 600.0
"""Seconds for building, and for a launch while everything else starts."""


@dataclass
class Composed:
    """One project, in a folder with a copy of the checkout."""

    folder: Path
    engine: EnginePlace
    last: ExitStack

    def __post_init__(self) -> None:
        self.project = f"fgt{os.getpid()}"
        self.stand_ins = [f"fairground/{name}-from-packages:{self.project}" for name in ("postgres", "redis")]
        self.env = os.environ | {"DOCKER_HOST": self.engine.docker_host, "DOCKER_BUILDKIT": "0"}
        self.web_port, self.apps_port = free_port(), free_port()

    def prepare(self) -> None:
        """Copy, build, and write the .env."""
        self._copy()
        locked = ["--no-deps", "--require-hashes", "-r", "requirements.lock", "-d", "wheels"]
        self._run(sys.executable, "-m", "pip", "download", "-q", *locked)
        self._make_base()
        for image, name in zip(self.stand_ins, ("postgres", "redis"), strict=True):
            words = ["--build-arg", f"DEBIAN={BASE}", "-t", image, "-f", f"{HERE}/{name}.Dockerfile", str(HERE)]
            self._run("docker", "build", "-q", *words)
        self._settle_settings()
        self.compose("build")

    def _copy(self) -> None:
        """With one app more on its shelf, which needs nothing of the network."""
        listed = self._run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=CHECKOUT)
        for name in filter(None, listed.split("\0")):
            if (CHECKOUT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(CHECKOUT / name, self.folder / name)
        shelf = self.folder / "catalog" / "starter" / "tiny"
        shutil.copytree(TINY, shelf)
        manifest = shelf / "service" / "fairground.toml"
        manifest.write_text(manifest.read_text().replace("file:///APPS/tiny-data", "file:///STARTER/tiny/data"))
        (shelf / "data" / "make-day").write_text("")

    def _make_base(self) -> None:
        if self._exists("image", BASE):
            return
        tar = self.folder / "base.tar"
        self._run("mmdebstrap", "--variant=minbase", "--format=tar", f"--include={PACKAGES}", "bookworm", tar)
        self._run("docker", "import", tar, BASE)
        tar.unlink()

    def _settle_settings(self) -> None:
        number = os.getpid() % 250
        compose(self.folder / ".env")
        wire = LossyProxy(self.folder / "engine.sock", self.engine.docker_host.removeprefix("unix://"))
        self.last.callback(wire.close)
        (self.folder / "engine.sock").chmod(0o666)
        changed = {
            "DEBIAN_IMAGE": BASE, "PIP_NO_INDEX": "1", "PORTAL_IMAGE": f"fairground/portal-{self.project}",
            "POSTGRES_IMAGE": self.stand_ins[0], "REDIS_IMAGE": self.stand_ins[1],
            "ENGINE_SOCKET": str(self.folder / "engine.sock"), "SITE_URL": f"http://localhost:{self.web_port}",
            "WEB_PORT": str(self.web_port), "APPS_PORT": str(self.apps_port), "DOOR_PORT": str(self.apps_port),
            "NETWORK": f"10.215.{number}.0/24", "PLACE_ADDRESS": f"10.215.{number}.1",
        }  # fmt: skip
        with (self.folder / ".env").open("a") as out:
            out.writelines(f"{name}={text}\n" for name, text in changed.items())

    def up(self) -> None:
        """Start everything; wait until all are healthy."""
        self.last.callback(self.down)
        self.compose("up", "-d")
        until("all are healthy", lambda: self.health() == {"healthy"}, LONG)

    def health(self) -> set[str]:
        """What the engine says of all containers that have a say."""
        ids = self.compose("ps", "-q").split()
        shown = self._run("docker", "inspect", "-f", "{{if .State.Health}}{{.State.Health.Status}}{{end}}", *ids)
        return set(shown.split())

    def inspect(self, service: str) -> dict[str, Any]:
        """All facts about a service's container."""
        shown = self._run("docker", "inspect", self.compose("ps", "-q", service).strip())
        return dict(json.loads(shown)[0])

    def admin(self) -> Visitor:
        """The first administrator, whose password stands once in a log."""
        told = self.compose("logs", "--no-color", "prepare")
        password = re.search(r"password\s+(\S+)", told)
        assert password, told
        visitor = Visitor(f"http://localhost:{self.web_port}", self.apps_port)
        visitor.look("/accounts/login/")
        visitor.press("/accounts/login/", login="admin@localhost", password=password[1])
        return visitor

    def compose(self, *words: str) -> str:
        """Run docker-compose on it; return what it said."""
        return self._run("docker-compose", "-p", self.project, *words)

    def down(self) -> None:
        """Everything away: machines first, because their ports lie on the project's network."""
        owner = re.findall(r"^PORTAL_ID=(.*)$", (self.folder / ".env").read_text(), re.MULTILINE)[-1]
        mine = ["--filter", f"label=fairground.owner={owner}", "-q"]
        if machines := self._run("docker", "ps", "-a", *mine).split():
            self._run("docker", "rm", "-f", "-v", *machines)
        if networks := self._run("docker", "network", "ls", *mine).split():
            self._run("docker", "network", "rm", *networks)
        self.compose("down", "--volumes", "--timeout", "5")
        for image in (f"fairground/portal-{self.project}", *self.stand_ins):
            if self._exists("image", image):
                self._run("docker", "image", "rm", image)

    def left(self) -> list[str]:
        """What the engine still has of this project."""
        kinds = (["ps", "-a"], ["network", "ls"], ["volume", "ls"], ["image", "ls"])
        lines = [line for kind in kinds for line in self._run("docker", *kind).splitlines()]
        return [line for line in lines if self.project in line]

    def _exists(self, kind: str, name: str) -> bool:
        words = ["docker", kind, "inspect", name]
        return subprocess.run(words, env=self.env, capture_output=True, check=False).returncode == 0

    def _run(self, *words: str | Path, cwd: Path | None = None) -> str:
        done = subprocess.run(
            words, env=self.env, cwd=cwd or self.folder,
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout
