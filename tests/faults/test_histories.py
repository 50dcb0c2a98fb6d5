"""Nothing leaked, lost, doubled or stuck, whatever happens in whatever order."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.actions import ACTIONS
from tests.faults.histories import forget, play_seed
from tests.faults.history import History

pytestmark = pytest.mark.thorough

EXAMPLES = int(os.environ.get("HISTORIES", "25"))


@pytest.mark.timeout(1800)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="HISTORIES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(names=st.lists(st.sampled_from(sorted(ACTIONS)), max_size=15), seed=st.integers(0, 2**32))
def test_any_history_ends_with_four_zeros(names: list[str], seed: int, tmp_path: Path, transactional_db: None) -> None:
    try:
        History(tmp_path / str(seed), seed).play(ACTIONS[name] for name in ["launch", *names])
    finally:
        forget()


@pytest.mark.parametrize("seed", range(5))
def test_long_histories_end_with_four_zeros(seed: int, tmp_path: Path, transactional_db: None) -> None:
    play_seed(tmp_path, seed, length=60)
