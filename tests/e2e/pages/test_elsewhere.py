"""In by a school's directory in a browser: there and back under our strict headers, linked, and let go of."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from portal.models import User
from tests.e2e.pages.person import PASSWORD, sign_up
from tests.e2e.pages.test_pages import axe, faults
from tests.portal.provider import ANNA, NAME, Directory, directory

pytestmark = [pytest.mark.browser]
__all__ = ["axe"]


@pytest.fixture(scope="module")
def running() -> Iterator[Directory]:
    """One provider for the tests of this file."""
    with directory() as found:
        yield found


@pytest.fixture
def school(running: Directory, settings: Settings, url: str) -> Directory:
    """The school's directory, with Anna in it."""
    settings.SOCIALACCOUNT_PROVIDERS = running.as_setting()
    running.knows("anna-7", email=ANNA, email_verified=True, name="Anna Weber")
    return running


@pytest.fixture
def tab(context: BrowserContext, url: str, school: Directory) -> Iterator[Page]:
    """A page that goes to the site and to the directory, and nowhere else; our own pages complain of nothing."""
    opened = context.new_page()
    said: list[str] = []
    opened.route("https://**", lambda route: route.abort())  # the directory dresses itself from elsewhere
    opened.on("console", lambda told: said.append(told.text) if "Security Policy" in told.text else None)
    yield opened
    assert said == []


def go_by_school(tab: Page, button: str, subject: str = "anna-7") -> None:
    tab.get_by_role("button", name=button).click()
    tab.get_by_placeholder("sub").fill(subject)
    tab.get_by_role("button", name="Authorize").click()


def test_a_newcomer_comes_in_by_the_school_in_two_presses(tab: Page, axe: str) -> None:
    tab.goto("/accounts/login/?next=/copies")
    go_by_school(tab, f"Go on with {NAME}")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Kept copies")
    person = User.objects.get()
    assert (person.email, person.time_zone) == (ANNA, "Europe/Berlin")
    tab.goto("/me")
    expect(tab.get_by_text(NAME, exact=False).first).to_be_visible()
    assert faults(tab, axe) == []


def test_an_account_is_linked_used_and_let_go_of(tab: Page) -> None:
    sign_up(tab)
    tab.goto("/me")
    go_by_school(tab, f"Sign in with {NAME}, too")
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("It is linked: from now on you can sign in with it.")).to_be_visible()
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_text("You have signed out.")).to_be_visible()
    tab.goto("/accounts/login/")
    go_by_school(tab, f"Go on with {NAME}")
    expect(tab.get_by_role("heading", level=1)).to_have_text("My events")
    assert User.objects.count() == 1
    tab.goto("/me")
    tab.get_by_role("button", name=f"Unlink {NAME}").click()
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("It is not linked any more")).to_be_visible()


def test_what_one_meets_on_a_way_that_ends_has_no_serious_fault(tab: Page, axe: str, school: Directory) -> None:
    User.objects.create(email=ANNA)
    school.knows("carl-5", name="Carl")
    for subject, heading in (("anna-7", "You have an account here already"), ("carl-5", "Nearly there")):
        tab.goto("/accounts/login/")
        go_by_school(tab, f"Go on with {NAME}", subject)
        expect(tab.get_by_role("heading", level=1)).to_have_text(heading)
        assert faults(tab, axe) == []
    tab.goto("/accounts/oidc/directory/login/callback/?state=x&code=y")
    expect(tab.get_by_role("heading", level=1)).to_have_text("That did not work")
    assert faults(tab, axe) == []
