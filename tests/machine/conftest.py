"""Fixtures: a machine in a temporary root."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.machine.git_server import GitServer, Repository
from tests.machine.onboard import Onboard


@pytest.fixture
def board() -> Iterator[Onboard]:
    """Our code in a root of its own, which everybody may enter; nothing it started outlives the test."""
    with TemporaryDirectory(prefix="fairground-") as root:
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
