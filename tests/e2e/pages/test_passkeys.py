"""A passkey as a person has it: made on the page about oneself, in with it, renamed, removed. The device is chromium's own."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import CDPSession, Page, expect

from portal.models import User
from provisioning.models import House, Mail
from tests.e2e.pages.person import PASSWORD, sign_up

pytestmark = [pytest.mark.browser]
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def device(page: Page) -> Iterator[CDPSession]:
    """A phone that keeps passkeys and knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})
    yield session
    session.detach()


def add_passkey(page: Page, name: str = "My phone") -> None:
    page.goto("/me")
    page.get_by_role("link", name="Add a passkey").click()
    say_password(page)
    page.get_by_label("What is it called?").fill(name)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("Your passkey is made")).to_be_visible()


def rename(page: Page, before: str, after: str) -> None:
    page.goto("/me")
    page.get_by_role("link", name=f"Rename {before}").click()
    say_password(page)
    page.get_by_label("What is it called?").fill(after)
    page.get_by_role("button", name="Save the name").click()


def say_password(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def sign_out(page: Page) -> None:
    page.goto("/me")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()


def test_a_passkey_is_made_lets_in_and_is_removed(page: Page, device: CDPSession) -> None:
    sign_up(page)
    add_passkey(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    sign_out(page)
    page.goto("/accounts/login/?next=/copies")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept copies")
    rename(page, "My phone", "Old phone")
    page.get_by_role("link", name="Remove Old phone").click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert not Authenticator.objects.exists()
    subjects = set(Mail.objects.values_list("subject", flat=True))
    assert {"A passkey was added to your Fairground account"} <= subjects


def test_a_passkey_that_we_do_not_know_any_more_lets_nobody_in(page: Page, device: CDPSession) -> None:
    sign_up(page)
    add_passkey(page)
    sign_out(page)
    Authenticator.objects.all().delete()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("That was not right, or it came too late.")).to_be_visible()


def test_whoever_stops_it_is_told_that_nothing_has_changed(page: Page, device: CDPSession) -> None:
    sign_up(page)
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Nothing has changed; try again when you like.")).to_be_visible()


def test_a_device_holds_one_passkey_for_a_person(page: Page, device: CDPSession) -> None:
    sign_up(page)
    add_passkey(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("This device holds a passkey for you already.")).to_be_visible()


def test_losing_a_passkey_shuts_nobody_out_but_behind_the_counter_it_is_asked_for(
    page: Page, device: CDPSession
) -> None:
    sign_up(page)
    add_passkey(page)
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("My events")
    User.objects.update(is_staff=True)
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My events")


def test_a_house_that_asks_for_a_second_step_leads_there_and_back(page: Page, device: CDPSession) -> None:
    sign_up(page)
    User.objects.update(is_staff=True)
    House.objects.create(counter_second_step=True)
    page.goto("/desk")
    expect(page.get_by_text("Please add one here first.")).to_be_visible()
    page.get_by_role("link", name="Add a passkey").click()
    say_password(page)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your spare codes")
    page.goto("/desk")
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
