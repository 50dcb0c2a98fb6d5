"""Fixtures: a machine in a temporary root."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.onboard import Onboard


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Onboard]:
    """Our code in a root of its own; nothing it started outlives the test."""
    board = Onboard(tmp_path)
    yield board
    board.stop_all_jobs()
