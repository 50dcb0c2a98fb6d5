"""Marked tests are skipped where the thing they need is missing; in CI they fail instead."""

import gc
import os
from collections.abc import Iterator
from functools import lru_cache

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import post_migrate
from django.utils import translation
from pytest_django import DjangoDbBlocker

from tests.needs import NEEDS
from tests.waiting import until

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings_tox_suffix(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On SQLite every run has a database file of its own, so that two runs never meet. (The first hook pytest-django asks.)"""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


def pytest_configure() -> None:
    """Passwords are hashed quickly: that it takes long elsewhere is Django's to test. Static files are looked for when
    somebody asks for one: each client of a test is a server that starts, and would list them all. Django's permissions,
    for which nobody asks here, are not written into every emptied database.
    """
    gc.disable()  # until all are collected
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-tests", action="store_true", help="only tests that use the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database-tests"):
        kept = [item for item in items if _uses_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
        items[:] = kept


def pytest_collection_finish() -> None:
    """Four thousand tests are a large heap: looked through again and again for rubbish, it costs a quarter of the run."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    translation.deactivate()  # a page that was answered in German leaves its thread in German
    for marker, (what, _) in NEEDS.items():
        if item.get_closest_marker(marker) and not _is_there(marker):
            if os.environ.get("CI"):
                pytest.fail(f"this test needs {what}, and in CI nothing may be missing", pytrace=False)
            pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """PostgreSQL drops no database that a thread of a test is still connected to, or connects to once more."""
    yield
    if connection.vendor == "postgresql":
        name = connection.settings_dict["NAME"]
        connection.close()
        with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            until("all have left", lambda: _left_alone(cursor, name))


def _left_alone(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name])
    return bool(cursor.fetchone()[0] == 0)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@lru_cache
def _is_there(marker: str) -> bool:
    return bool(NEEDS[marker][1]())
