"""A port that is taken after `up` has found it free: clear words, an exit code, and nothing left that runs."""

import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.home import CHECKOUT
from tests.cli.installation import Installation

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
LATE = """
import runpy
from cli import ports

def choose(*given, **named):
    looked, ports.is_free = ports.is_free, lambda *_: True
    try:
        return chosen(*given, **named)
    finally:
        ports.is_free = looked

chosen, ports.choose = ports.choose, choose
runpy.run_module("cli", run_name="__main__")
"""
"""`./fairground`, for which everything was free at the moment at which it looked."""
PROGRAMS = ("up", "web", "clicks", "sweep", "front-door")


@pytest.fixture
def here() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as folder:
        Path(folder).chmod(0o711)
        yield (installation := Installation(Path(folder)))
        installation.fairground("down")


@pytest.fixture
def theirs() -> Iterator[int]:
    """The port of somebody else's web server, which has an answer to everything."""

    class Fine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Fine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def up_too_late(here: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    ports = ["--port", str(here.port), "--apps-port", str(here.apps_port)]
    return subprocess.run(
        [sys.executable, "-c", LATE, "up", "--yes", *ports, *words],
        env=here.env, cwd=CHECKOUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("words", [[], ["--detach"]], ids=["in the foreground", "detached"])
def test_the_portals_port(here: Installation, theirs: int, words: list[str]) -> None:
    here.port = theirs
    ended = up_too_late(here, *words)
    assert ended.returncode == 1
    assert f"127.0.0.1:{theirs} was taken by another program at the last moment" in ended.stderr
    assert [name for name in PROGRAMS if here.pid(name)] == []


def test_the_services_port(here: Installation) -> None:
    with socket.create_server(("127.0.0.1", here.apps_port)):
        ended = up_too_late(here)
    assert ended.returncode == 1
    assert "The services' port was taken by another program at the last moment" in ended.stderr
    assert [name for name in PROGRAMS if here.pid(name)] == []
