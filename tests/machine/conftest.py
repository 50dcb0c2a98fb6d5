"""Fixtures: a machine in a temporary root."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.machine.content import Content
from tests.machine.git_server import GitServer, Repository
from tests.machine.onboard import Onboard


def quick_disk() -> str | None:
    """A disk in memory where there is one that programs may be run from: our code flushes often. None = the usual one."""
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    return str(memory) if usable else None


@pytest.fixture
def board() -> Iterator[Onboard]:
    """Our code in a root of its own, which everybody may enter; nothing it started outlives the test."""
    with TemporaryDirectory(prefix="fairground-", dir=quick_disk()) as root:
        Path(root).chmod(0o755)
        board = Onboard(Path(root))
        yield board
        board.stop_all_jobs()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    """A git server."""
    server = GitServer(tmp_path / "served")
    yield server
    server.close()


@pytest.fixture
def repository(server: GitServer) -> Repository:
    """A repository that it serves as "app"."""
    return Repository(server.folder / "app")


@pytest.fixture
def content(board: Onboard, server: GitServer) -> Content:
    """A machine without content yet."""
    return Content(board, server)
