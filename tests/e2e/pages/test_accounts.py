"""An account as a person has it: in with an invitation, an impatient press, and out again for good."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.models import Invitation, User
from portal.people import leaving
from provisioning.fabrics.memory.place import Place
from provisioning.models import Deployment, House, SignUp
from provisioning.phases import Phase
from tests.e2e.pages.person import PASSWORD, launch, newest_code, sign_up
from tests.makers import make_fabric, make_release
from tests.waiting import until

pytestmark = [pytest.mark.browser]


@pytest.fixture
def app(place: Place) -> Place:
    """An app on the shelf, and the place where it is launched."""
    make_fabric()
    make_release()
    return place


def test_with_an_invitation_one_comes_in_and_without_one_is_told_whom_to_ask(page: Page, url: str) -> None:
    House.objects.create(sign_up=SignUp.INVITATION, contact="Ms Weber, room 12")
    at = timezone.now()
    one = Invitation.objects.create(until=at + timedelta(days=1), created_at=at)
    page.goto("/accounts/signup/")
    expect(page.get_by_text("Ms Weber, room 12")).to_be_visible()
    page.goto(f"/invited/{one.code}")
    page.get_by_role("button", name="Make an account").click()
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_label("Code").fill(newest_code(page))
    page.get_by_role("button", name="Confirm the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My events")


def test_whoever_presses_twice_gets_one_service(page: Page, app: Place) -> None:
    sign_up(page)
    page.get_by_role("link", name="Choose an app").first.click()
    page.get_by_role("link", name="Notice board").click()
    page.get_by_role("link", name="Set up Notice board").click()
    page.get_by_role("button", name="Set up Notice board").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notice board")
    page.reload()
    assert Deployment.objects.count() == 1


def test_whoever_deletes_themselves_leaves_nothing_running(page: Page, app: Place) -> None:
    sign_up(page)
    launch(page)
    expect(page.get_by_role("link", name="Open Notice board")).to_be_visible()
    page.goto("/me")
    page.get_by_role("link", name="Delete me").click()
    page.get_by_label("Type your mail address").fill("anna@example.org")
    page.get_by_role("button", name="Yes, delete me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Goodbye")
    until("the service is gone", lambda: Deployment.objects.get().phase == Phase.GONE)
    assert not leaving.living(User.objects.get()).exists()
    page.goto("/home")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
