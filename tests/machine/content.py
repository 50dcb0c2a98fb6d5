"""A machine whose content is pulled, as its tests speak of it."""

import json
import subprocess

from tests.machine.git_server import BEARER, GitServer
from tests.machine.onboard import Onboard


class Content:
    """A machine whose content is pulled."""

    def __init__(self, board: Onboard, server: GitServer) -> None:
        self.board = board
        self.target = board.root / "var/www/data"
        self.releases = board.root / "srv/fairground/content"
        self.given: dict[str, object] = {"url": server.url("app"), "target": str(self.target), "bearer": BEARER}
        self.source = board.root / "var/lib/fairground/content-source.json"
        self.source.parent.mkdir(parents=True)

    def write(self, **more: object) -> None:
        """Write down what to pull."""
        self.given |= more
        self.source.touch(mode=0o600)
        self.source.write_text(json.dumps(self.given))

    def pull(self, **more: object) -> subprocess.CompletedProcess[str]:
        """Pull now."""
        self.write(**more)
        return self.board.program("pull")

    def know(self, **changes: object) -> None:
        """Make the machine know something else than it does."""
        path = self.source.with_name("content.json")
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | changes))

    def told(self) -> dict[str, object]:
        """What the machine says about its content."""
        return self.board.ask("content")

    def shown(self) -> dict[str, str]:
        """What is served: path → text."""
        files = [path for path in self.target.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.target)): path.read_text() for path in files}

    def hook(self, script: str) -> None:
        """Give the service a program to run after new content."""
        path = self.board.root / "srv/fairground/service/after"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
