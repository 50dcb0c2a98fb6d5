"""Runs two checkouts side by side, each with an engine of its own and a service that answers, and tells what it saw.

Called by test_two_checkouts.py as a program, in namespaces of its own. Both start at the same moment, without being told
a port.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.house import ADD
from tests.catalog.repos import make_repo
from tests.e2e.portal import Portal, slug
from tests.e2e.service import Service
from tests.waiting import until

ANSWER = "Tiny is here"


@dataclass
class Checkout(Portal):
    """A portal that is run from a checkout beside its folder, with the engine that it brings itself."""

    port: int = 0
    apps_port: int = 0

    def __post_init__(self) -> None:
        self.root, self.apps = self.folder / "checkout", self.folder / "apps"
        self.env = os.environ | {
            "FAIRGROUND_HOME": f"{self.folder}/home",
            "FAIRGROUND_RUN": f"{self.folder}/run",
            "GIT_TRUSTED": f"file://{self.apps}/",
        }
        self.engine_host = f"unix://{self.folder}/run/engine.sock"

    def fairground(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(str(self.root / "fairground"), *words)

    def manage(self, *words: str) -> str:
        done = self._run(str(self.root / ".venv/bin/python"), "manage.py", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self) -> subprocess.CompletedProcess[str]:
        done = self.fairground("up", "--yes", "--detach")
        self.port, self.apps_port = (int(self.kept(name).rpartition(":")[2]) for name in ("WEB_LISTEN", "APPS_PORT"))
        return done

    def kept(self, name: str) -> str:
        """One of its settings."""
        lines = (self.folder / "home" / "fairground.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))[name]

    def bring_engine(self, image: str) -> None:
        """With the machine image, which would take a minute to bake."""
        done = self._run(sys.executable, "-c", "from cli.container_engine import own; own.start(print)")
        assert done.returncode == 0, done.stderr
        with Path(image).open("rb") as tar:
            self.docker.images.load(tar)

    def begin(self) -> None:
        """Come up, with one app on the shelf."""
        self.start()
        make_repo(self.apps / "tiny-data", {"news.txt": "the first content\n"})
        self.manage("shell", "-v", "0", "-c", ADD.format(url=self._repository("fine")))

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env=self.env, cwd=self.root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )


def answers(service: Service) -> bool:
    """Whether a visitor finds it now."""
    try:
        return ANSWER in service.page().text
    except httpx.HTTPError:
        return False


def live(image: str, here: Checkout, there: Checkout) -> dict[str, Any]:
    """Side by side."""
    both = [here, there]
    for portal in both:
        portal.bring_engine(image)
    with ThreadPoolExecutor(2) as together:
        list(together.map(Checkout.begin, both))
        mine, theirs = services = list(together.map(lambda portal: portal.launch(slug("fine")), both))
    for service in services:
        service.reaches("ready")
    names = ("WEB_LISTEN", "FRONT_DOOR_LISTEN", "GIT_DOOR_LISTEN", "DOCKER_HOST")
    seen: dict[str, Any] = {name: [portal.kept(name) for portal in both] for name in names}
    options = [json.loads(portal.rows("SELECT options FROM provisioning_fabric")[0]["options"]) for portal in both]
    seen |= {name: [option[name] for option in options] for name in ("subnets", "first_port", "bridge_prefix")}
    seen["roll_calls"] = [sorted(portal.roll_call()) for portal in both]
    seen["machines"] = [[service.machine["key"]] for service in services]

    seen["down"] = there.fairground("down").stdout
    seen["mine_while_they_are_down"] = answers(mine)
    seen["theirs_while_they_are_down"] = answers(theirs)
    there.start()
    seen["mine_after_their_engine_started"] = answers(mine)
    until("theirs answers again", lambda: answers(theirs), 30)
    for portal in both:
        portal.fairground("down")
    return seen


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # sockets of other engines
    folder = Path(sys.argv[1])
    told = live(f"{folder}/image.tar", Checkout(folder / "here"), Checkout(folder / "there"))
    (folder / "told.json").write_text(json.dumps(told))
