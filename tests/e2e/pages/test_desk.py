"""Behind the counter in a browser: a curator adds an app by its address and puts it on the shelf."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from portal.models import User
from tests.catalog.manifests import SMALLEST
from tests.catalog.repos import git, make_repo
from tests.e2e.pages.person import sign_in, with_password

pytestmark = [pytest.mark.browser]
MAINTAINED = 'maintainers = [{ name = "Weber", address = "weber@school.example" }]\n' + SMALLEST


@pytest.fixture
def repository(tmp_path: Path, settings: Settings) -> str:
    """The address of an app's repository that this house trusts."""
    settings.GIT_TRUSTED = [f"file://{tmp_path}/"]
    settings.MIRRORS = tmp_path / "mirrors"
    folder = make_repo(tmp_path / "board", {"fairground.toml": MAINTAINED, "script/install": "#!/bin/sh\n"})
    git(folder, "update-index", "--chmod=+x", "script/install")
    git(folder, "commit", "-q", "-m", "a program")
    return f"file://{folder}"


@pytest.fixture
def curator(transactional_db: None) -> User:
    """Somebody who decides about the shelf and nothing else."""
    return with_password("curator", is_curator=True)


def test_a_curator_adds_an_app_and_puts_it_on_the_shelf(page: Page, repository: str, curator: User) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/desk/apps")
    sign_in(page, curator)
    page.get_by_text("Add an app by the address").click()
    page.get_by_label("Address of its repository").fill(repository)
    page.get_by_role("button", name="Look at this repository").click()
    expect(page.get_by_text("its manifest is right")).to_be_visible()

    page.get_by_role("button", name="Put the version").click()
    expect(page.get_by_text("is on the shelf now")).to_be_visible()

    page.goto("/apps")
    expect(page.get_by_role("link", name="Notice board")).to_be_visible()
