"""Marked tests are skipped where the thing they need is missing; in CI they fail instead."""

import os
from functools import lru_cache

import pytest

from tests.needs import NEEDS

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-tests", action="store_true", help="only tests that use the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database-tests"):
        kept = [item for item in items if _uses_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = kept


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (what, _) in NEEDS.items():
        if item.get_closest_marker(marker) and not _is_there(marker):
            if os.environ.get("CI"):
                pytest.fail(f"this test needs {what}, and in CI nothing may be missing", pytrace=False)
            pytest.skip(f"needs {what}")


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@lru_cache
def _is_there(marker: str) -> bool:
    return bool(NEEDS[marker][1]())
