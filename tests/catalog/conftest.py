"""A house for tests: an app's repository to change, and a folder for our copies."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.catalog.manifests import SMALLEST
from tests.catalog.repos import git, make_repo

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def shelf(tmp_path: Path, settings: Settings) -> Path:
    """A folder whose repositories the house trusts."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    settings.GIT_TRUSTED = [f"file://{folder}/"]
    settings.MIRRORS = tmp_path / "mirrors"
    return folder


@pytest.fixture
def board(shelf: Path) -> Path:
    """The repository of a sound app."""
    folder = make_repo(shelf / "board", {"fairground.toml": MAINTAINED, "script/install": "#!/bin/sh\n"})
    make_program(folder, "script/install")
    return folder


MAINTAINED = 'maintainers = [{ name = "Weber", address = "weber@school.example" }]\n' + SMALLEST


def make_program(folder: Path, path: str) -> None:
    """Make a file of a repository executable, and commit that."""
    git(folder, "update-index", "--chmod=+x", path)
    git(folder, "commit", "-q", "-m", "a program")
    git(folder, "checkout", "-q", "--", path)
