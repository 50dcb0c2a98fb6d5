"""The front door as a program: it runs when its doors are open, and not before."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import front_door, packages, programs
from cli.talk import HaltError

LATE_FALL = f"""#!{sys.executable}
import os, socket, sys
with socket.create_server(os.environ["FAIRGROUND_RUN"] + "/caddy.sock", family=socket.AF_UNIX) as admin:
    admin.accept()
sys.exit("listen tcp 127.0.0.1:8080: bind: address already in use")
"""
"""A stand-in for Caddy whose admin socket listens, as Caddy's own does, before it finds its port taken."""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """For what is kept and what runs; short, because a socket's path has at most 107 bytes."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as made:
        for name in ("FAIRGROUND_HOME", "FAIRGROUND_RUN"):
            monkeypatch.setenv(name, made)
        yield Path(made)


def test_one_that_answers_and_then_finds_its_port_taken_has_not_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (programs_of := folder / "bin").mkdir()
    (programs_of / "caddy").write_text(LATE_FALL)
    (programs_of / "caddy").chmod(0o700)
    monkeypatch.setattr(packages, "PATH", str(programs_of))
    with pytest.raises(HaltError, match="services' port was taken by another program"):
        front_door.start(afresh=True)
    assert programs.pid(front_door.NAME) is None
