"""An installation of this checkout with a home, ports and front door of its own, on the engine that is there."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cli import container_engine
from cli.home import CHECKOUT
from tests.front_door.doors import free_port
from tests.plain_http import PLAIN

SERVERS = {"DATABASE_URL", "BROKER_URL", "EMAIL_URL"}
"""Those of a test run are for its own tests: an installation has the embedded ones."""


@dataclass
class Installation:
    """Talks to `./fairground` as a person does."""

    folder: Path
    port: int = field(default_factory=free_port)
    apps_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        engine = container_engine.find()
        assert engine
        kept = {name: value for name, value in os.environ.items() if name not in SERVERS}
        self.env = kept | {
            "FAIRGROUND_HOME": f"{self.folder}/home",
            "FAIRGROUND_RUN": f"{self.folder}/run",
            "DOCKER_HOST": engine.docker_host,
        }

    def fairground(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [CHECKOUT / "fairground", *words],
            env=self.env, cwd="/", capture_output=True, text=True, timeout=600, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def up(self) -> subprocess.CompletedProcess[str]:
        ports = ["--port", str(self.port), "--apps-port", str(self.apps_port)]
        return self.fairground("up", "--yes", "--detach", *ports)

    def pid(self, name: str) -> int:
        """Of one of its programs; 0 if it does not run."""
        record = self.folder / "run" / f"{name}.pid"
        number = int(record.read_text().split()[0]) if record.exists() else 0
        return number if number and Path(f"/proc/{number}/exe").exists() else 0

    def get(self, path: str = "/") -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False, verify=PLAIN)

    def answers(self) -> bool:
        try:
            return self.get().status_code == 200
        except httpx.HTTPError:
            return False
