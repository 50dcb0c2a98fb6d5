"""Marked tests are skipped where the thing they need is missing; in CI they fail instead."""

import os
from functools import lru_cache

import pytest

from tests.needs import NEEDS


@lru_cache
def _is_there(marker: str) -> bool:
    return bool(NEEDS[marker][1]())


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (what, _) in NEEDS.items():
        if item.get_closest_marker(marker) and not _is_there(marker):
            if os.environ.get("CI"):
                pytest.fail(f"this test needs {what}, and in CI nothing may be missing", pytrace=False)
            pytest.skip(f"needs {what}")
