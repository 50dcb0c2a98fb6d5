"""From the front page to a begun launch on a small phone: how many taps it takes, and how many words it asks to be read."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from provisioning.models import Deployment
from tests.e2e.pages.person import PASSWORD, Finger, newest_code
from tests.makers import make_fabric, make_person, make_release
from tests.portal.site import let_in, session_of

pytestmark = [pytest.mark.browser]


@pytest.fixture
def finger(page: Page) -> Finger:
    """A finger on a small phone that shows the front page of a portal with one app."""
    make_fabric()
    make_release()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto("/")
    return Finger(page)


def to_the_press(finger: Finger) -> None:
    finger.tap(finger.page.get_by_role("link", name="Notice board"))
    finger.tap(finger.page.get_by_role("link", name="Set up Notice board"))


def begun(finger: Finger) -> bool:
    finger.tap(finger.page.get_by_role("button", name="Set up Notice board"))
    expect(finger.page.get_by_role("heading", level=1)).to_have_text("Notice board")
    finger.tell("to a begun launch")
    return Deployment.objects.count() == 1


def test_who_is_signed_in_begins_a_launch_with_three_taps(context: BrowserContext, url: str, finger: Finger) -> None:
    let_in(context, url, session_of(make_person("anna")))
    to_the_press(finger)
    assert begun(finger)
    assert finger.taps <= 3
    assert finger.words <= 60


def test_who_is_new_begins_a_launch_with_six_taps(finger: Finger) -> None:
    page = finger.page
    to_the_press(finger)
    finger.tap(page.get_by_role("main").get_by_role("link", name="Make an account"))
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    finger.tap(page.get_by_role("button", name="Make my account"))
    page.get_by_label("Code").fill(newest_code(page))
    finger.tap(page.get_by_role("button", name="Confirm the code"))
    assert begun(finger)
    assert finger.taps <= 6
    assert finger.words <= 60
