"""The story as a person lives it, on a phone: sign up, launch, watch, look after, take down."""

import re

import pytest
from playwright.sync_api import Page, expect

from provisioning.fabrics.memory.place import Place
from provisioning.models import LogChunk
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


def test_from_the_entrance_to_nothing_left(page: Page, app: Place) -> None:
    sign_up(page)
    service = launch(page)
    expect(page.get_by_role("link", name="Open Notice board")).to_be_visible()
    service.refresh_from_db()
    assert service.event.zone == "Europe/Berlin"

    page.get_by_role("button", name="Restart it").click()
    expect(page.get_by_text("It is being restarted.")).to_be_visible()
    page.get_by_text("Take it down", exact=True).click()
    page.get_by_role("button", name="Take Notice board down").click()
    expect(page.get_by_text("Its machine is gone; that was checked.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Download the copy"))).to_be_visible()
    assert not app.machines


def test_the_steps_and_the_installers_words_come_by_themselves(page: Page, app: Place) -> None:
    app.job_looks = 10_000  # an installer without end
    sign_up(page)
    service = launch(page)
    expect(page.get_by_role("list").get_by_text("Fetching the app")).to_be_visible()
    machine = until("there is a machine", service.machine)
    page.get_by_text("Show the details").click()
    LogChunk.objects.create(machine=machine, job="install-1-aaaa", offset=0, size=12, data=b"Unpacking <b>\n")
    expect(page.locator("[data-log]")).to_contain_text("Unpacking <b>")

    app.job_looks = 0
    for ghost in app.machines.values():
        ghost.jobs = dict.fromkeys(ghost.jobs, 0)
    expect(page.get_by_role("link", name="Open Notice board")).to_be_visible()


def test_a_failed_launch_is_told_and_tried_again(page: Page, app: Place) -> None:
    app.failing_jobs = {"install": 1}
    sign_up(page)
    launch(page)
    failure = page.locator(".note-bad", has_text="The installer of Notice board stopped with an error.")
    expect(failure).to_be_visible()

    app.failing_jobs = {}
    page.get_by_role("button", name="Try again from here").click()
    expect(page.get_by_role("link", name="Open Notice board")).to_be_visible()


def test_a_launch_can_be_stopped(page: Page, app: Place) -> None:
    app.job_looks = 10_000
    sign_up(page)
    launch(page)
    page.get_by_role("button", name="Stop setting it up").click()
    expect(page.get_by_text("Its machine is gone; that was checked.")).to_be_visible()


def test_the_link_in_the_mail_fills_in_the_code(page: Page, url: str) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    code = newest_code(page)
    page.goto("/")
    page.goto(f"/accounts/confirm-email/#{code}")
    expect(page.get_by_label("Code")).to_have_value(code)
    expect(page).to_have_url(re.compile("^[^#]*$"))
    page.get_by_role("button", name="Confirm the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My events")
