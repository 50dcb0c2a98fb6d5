"""A fresh small world for each test."""

from pathlib import Path

import pytest

from tests.simulation import Simulation


@pytest.fixture
def world(tmp_path: Path, transactional_db: None) -> Simulation:
    """The real reconciler on the memory fabric. Real transactions: they are part of what is tested."""
    return Simulation(tmp_path)
