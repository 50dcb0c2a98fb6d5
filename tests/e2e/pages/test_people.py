"""Each of our people: their first five minutes and their first problem, by finger on a small phone; what it takes is printed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from catalog import checks
from catalog.models import Release
from portal.models import User
from provisioning.fabrics.memory.place import Place
from provisioning.models import Deployment, Event, House
from provisioning.phases import Phase
from tests.catalog.conftest import MAINTAINED, make_program
from tests.catalog.repos import commit, make_repo
from tests.e2e.pages.person import PASSWORD, Finger, newest_code, sign_in, sign_up, with_password
from tests.makers import launch, make_event, make_fabric, make_release
from tests.portal.scenes import ready
from tests.waiting import until

pytestmark = [pytest.mark.browser]


@pytest.fixture
def finger(page: Page, request: pytest.FixtureRequest) -> Iterator[Finger]:
    """Somebody with a small phone; at the end it is told what it took."""
    page.set_viewport_size({"width": 360, "height": 640})
    one = Finger(page)
    yield one
    one.tell(request.node.name)


@pytest.fixture
def app(place: Place) -> Place:
    """An app on the shelf, and the place where it is launched."""
    make_fabric()
    make_release()
    return place


def organised() -> Event:
    """An event of somebody else with an open service, shown to everybody, and with a joining code."""
    event = make_event(with_password("weber", first_name="Ms Weber"), at=timezone.now(), name="Spring Fair")
    ready(event, at=timezone.now())
    event.show(by=event.owner, at=timezone.now())
    event.renew_code(by=event.owner, at=timezone.now())
    event.refresh_from_db()
    return event


def test_an_organiser_puts_up_a_service_and_gets_more_time_for_it(finger: Finger, app: Place) -> None:
    sign_up(finger.page)
    finger.link("Choose an app")
    finger.link("Notice board")
    finger.link("Set up Notice board")
    finger.press("Set up Notice board")
    expect(finger.page.get_by_role("link", name="Open Notice board")).to_be_visible()
    before = Event.objects.get().closes_at

    finger.link("Extend its time")
    finger.press("Yes, extend")
    finger.reads("now end on")
    assert Event.objects.get().closes_at > before


def test_an_organiser_whose_launch_fails_is_told_why_and_tries_again(finger: Finger, app: Place) -> None:
    app.failing_jobs = {"install": 1}
    sign_up(finger.page)
    finger.page.goto("/apps")
    finger.link("Notice board")
    finger.link("Set up Notice board")
    finger.press("Set up Notice board")
    finger.reads("The installer of Notice board stopped with an error.")
    app.failing_jobs = {}
    finger.press("Try again from here")
    expect(finger.page.get_by_role("link", name="Open Notice board")).to_be_visible()


def test_a_participant_joins_with_a_code_from_the_wall_after_mistyping_it(finger: Finger, url: str) -> None:
    event = organised()
    code = str(event.codes.get())
    page = finger.page
    page.goto("/")
    page.get_by_label("Joining code").fill("222222")
    finger.press("Join")
    finger.reads("This code opens no event")
    page.get_by_label("Joining code").fill(code.lower())
    finger.press("Join")

    page.get_by_label("Your name").fill("Ben")
    finger.press("Join")
    page.get_by_label("Mail address").fill("ben@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    finger.press("Make my account")
    page.get_by_label("Code").fill(newest_code(page))
    finger.press("Confirm the code")
    expect(page.get_by_role("heading", level=1)).to_have_text("Spring Fair")
    expect(page.get_by_role("link", name="Notice board")).to_be_visible()
    assert event.memberships.count() == 2


def test_a_visitor_finds_what_is_open_and_reports_what_is_wrong(finger: Finger, url: str) -> None:
    event = organised()
    service = Deployment.objects.get()
    finger.page.goto(f"/e/{event.public_name}")
    expect(finger.page.get_by_role("link", name="Notice board")).to_have_attribute("href", service.url)

    finger.page.goto(f"/door/nobody-1a2b3c.{service.host.partition('.')[2]}")
    finger.reads("There is nothing at this address")
    finger.link("Report this page")
    finger.tap(finger.page.get_by_role("radio").first)
    finger.press("Send")
    finger.reads("Thank you")


def test_an_author_is_told_what_is_not_right_mends_it_and_offers_the_app(
    finger: Finger, url: str, tmp_path: Path, settings: Settings
) -> None:
    settings.GIT_TRUSTED, settings.MIRRORS = [f"file://{tmp_path}/"], tmp_path / "mirrors"
    folder = make_repo(tmp_path / "board", {"fairground.toml": MAINTAINED, "script/install": "#!/bin/sh\n"})
    page = finger.page
    page.goto("/docs/add-an-app")
    finger.link("Sign in to check your repository")
    sign_in(page, with_password("author"))
    page.get_by_label("Address of your repository").fill(f"file://{folder}")
    finger.press("Check my repository")
    until("it is asked for, and looked at", lambda: checks.look_at_asked(timezone.now))
    finger.reads("git update-index --chmod=+x script/install")

    make_program(folder, "script/install")
    page.get_by_label("Address of your repository").fill(f"file://{folder}")
    finger.press("Check my repository")
    until("it is asked for, and looked at", lambda: checks.look_at_asked(timezone.now))
    finger.reads("Everything is right.")
    finger.press("Offer it to the curators")
    finger.reads("a curator has not decided yet")


def test_a_curator_sends_a_faulty_app_back_to_its_repository_and_then_publishes_it(
    finger: Finger, url: str, tmp_path: Path, settings: Settings
) -> None:
    settings.GIT_TRUSTED, settings.MIRRORS = [f"file://{tmp_path}/"], tmp_path / "mirrors"
    wrong = MAINTAINED.replace('"64MiB"', "64")
    folder = make_repo(tmp_path / "board", {"fairground.toml": wrong, "script/install": "#!/bin/sh\n"})
    make_program(folder, "script/install")
    page = finger.page
    page.goto("/desk/apps")
    sign_in(page, with_password("curator", is_curator=True))
    finger.tap(page.get_by_text("Add an app by the address"))
    page.get_by_label("Address of its repository").fill(f"file://{folder}")
    finger.press("Look at this repository")
    finger.reads("resources.memory = 64: expected a whole number")

    commit(folder, {"fairground.toml": MAINTAINED})
    finger.press("Look at its repository again")
    finger.press("Put the version")
    finger.reads("is on the shelf now")


def test_an_administrator_finds_a_quiet_day_and_then_takes_off_what_was_reported(
    finger: Finger, app: Place, browser: Browser, url: str
) -> None:
    at = timezone.now()
    service = launch(event=make_event(with_password("weber"), at=at), release=Release.objects.get(), at=at)
    until("it is open", lambda: Deployment.objects.get().phase == Phase.READY)
    page = finger.page
    page.goto("/desk")
    sign_in(page, with_password("admin", is_staff=True, is_superuser=True))
    finger.reads("All quiet.")

    visitor = browser.new_page(base_url=url)
    visitor.goto(f"/report?host={service.host}")
    visitor.get_by_role("radio").first.check()
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Thank you")).to_be_visible()
    visitor.close()

    page.reload()
    finger.tap(page.get_by_role("link", name="report"))
    finger.tap(page.get_by_role("list").get_by_role("link", name=service.title))
    finger.press("Take it off now")
    until("visitors are kept out", lambda: Deployment.objects.get().suspended_at)
    assert Deployment.objects.get().phase == Phase.READY


def test_somebody_without_an_account_tries_an_app_and_keeps_it(finger: Finger, app: Place) -> None:
    House.objects.create(trials_at_once=1)
    page = finger.page
    page.goto("/apps")
    finger.link("Notice board")
    finger.link("Try for an hour")
    finger.press("Try for an hour")
    expect(page.get_by_role("link", name="Open Notice board")).to_be_visible()

    finger.press("Keep it: sign up")
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    finger.press("Make my account")
    page.get_by_label("Code").fill(newest_code(page))
    finger.press("Confirm the code")
    finger.press("Keep it")
    finger.reads("It is yours now, with everything in it.")
    assert Deployment.objects.get().owner == User.objects.get(email="anna@example.org")
    assert Event.objects.get().closes_at > timezone.now() + timedelta(days=6)
