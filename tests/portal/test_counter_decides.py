"""What is decided behind the counter: the shelf, reports, curators; and that each deed is written down for good."""

import re
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from catalog.models import App, State
from portal.desk import audit
from portal.desk.audit import DEEDS
from portal.mail import notices
from portal.models import Deed, User
from provisioning.models import Deployment, Mail, Report
from tests.makers import NOON, make_event, make_release
from tests.portal import scenes

pytestmark = pytest.mark.thorough


def deeds() -> list[tuple[str, str]]:
    return list(Deed.objects.order_by("pk").values_list("did", "about"))


@pytest.fixture
def app(db: None) -> App:
    """An app on the shelf, with a newer version that is not."""
    release = make_release()
    release.app.take("b" * 40, release.manifest, at=NOON)
    return release.app


def seen_release(desk: Client, app: App) -> dict[str, str]:
    """What the button of an app's page sends."""
    shown = re.findall(r'name="release" value="(\d+)"', desk.get(f"/desk/apps/{app.pk}").content.decode())
    return {"release": shown[0]}


def test_a_new_version_waits_until_a_curator_puts_it_on_the_shelf(desk: Client, app: App) -> None:
    assert b"Notice board" in desk.get("/desk/apps").content
    desk.post(f"/desk/apps/{app.pk}/publish", seen_release(desk, app))
    app.refresh_from_db()
    assert app.current
    assert app.current.commit == "b" * 40
    assert b"Nothing waits." in desk.get("/desk/apps").content
    assert deeds() == [("publish", "Notice board")]


@pytest.mark.parametrize("state", [State.PUBLISHED, State.RETIRED])
def test_a_version_that_came_after_the_page_is_not_put_on_the_shelf_with_it(
    desk: Client, app: App, state: State
) -> None:
    App.objects.update(state=state)
    on_the_page = seen_release(desk, app)
    app.take("c" * 40, app.releases.latest("pk").manifest, at=NOON)
    told = desk.post(f"/desk/apps/{app.pk}/publish", on_the_page, follow=True).content
    app.refresh_from_db()
    assert app.current
    assert (app.current.commit, app.state) == ("a" * 40, state)
    assert b"A newer version has come in the meantime." in told


def test_who_offers_an_app_no_longer_is_told_first_what_uses_it(desk: Client, now: datetime) -> None:
    service = scenes.ready(at=now, title="Bulletin")
    where = f"/desk/apps/{service.release.app_id}/retire"
    assert b"1 service uses it" in desk.get(where).content
    assert b"Bulletin" in desk.get(where).content
    assert App.objects.get().state == State.PUBLISHED
    desk.post(where)
    service.refresh_from_db()
    assert (App.objects.get().state, service.wanted) == (State.RETIRED, "up")


def test_an_app_is_shown_first_and_in_line_again(desk: Client, app: App) -> None:
    for first in ("yes", "yes", "no"):
        desk.post(f"/desk/apps/{app.pk}/feature", {"first": first})
    assert [did for did, _ in deeds()] == ["feature", "unfeature"]


def test_what_is_wrong_with_a_repository_is_told_to_its_curator(desk: Client, app: App) -> None:
    problem = {"file": "fairground.toml", "key": "port", "value": "", "expected": "at least one port"}
    App.objects.update(problems=[problem])
    assert b"at least one port" in desk.get(f"/desk/apps/{app.pk}").content
    assert b"1 thing is wrong with it" in desk.get("/desk/apps").content


def report(service: Deployment, at: datetime) -> Report:
    return Report.objects.create(
        host=service.host, deployment=service, reason="trick", mail="visitor@example.org", at=at
    )


def test_a_report_takes_a_service_off_tells_its_organiser_and_answers_the_visitor(desk: Client, now: datetime) -> None:
    service = scenes.ready(make_event(at=now), at=now)
    sent = report(service, now)
    desk.post(f"/desk/reports/{sent.pk}", {"suspend": "yes", "why": "It asks for passwords.", "answer": "Gone."})
    notices.write(now)
    service.refresh_from_db()
    sent.refresh_from_db()
    told = dict(Mail.objects.order_by("pk").values_list("recipient", "text"))
    assert (service.suspend_wanted, sent.decision, sent.mail) == (True, "suspended", "")
    assert "It asks for passwords." in told[service.owner.email]
    assert "was taken off" in told["visitor@example.org"]
    assert ("suspend", service.title) in deeds()


def test_a_report_about_a_service_that_waits_stays_open_and_nobody_is_told_that_it_was_taken_off(
    desk: Client, now: datetime
) -> None:
    sent = report(scenes.waiting(make_event(at=now), at=now), now)
    page = desk.post(f"/desk/reports/{sent.pk}", {"suspend": "yes", "why": "", "answer": ""}, follow=True)
    sent.refresh_from_db()
    assert (sent.decision, sent.mail) == ("open", "visitor@example.org")
    assert not Mail.objects.exists()
    assert "there is nothing of it that could be taken off yet" in page.content.decode()


@pytest.mark.parametrize("scene", ["leaving", "ended"])
def test_a_report_about_what_goes_by_itself_is_answered_as_taken_off(desk: Client, now: datetime, scene: str) -> None:
    sent = report(scenes.SCENES[scene](make_event(at=now), at=now), now)
    desk.post(f"/desk/reports/{sent.pk}", {"suspend": "yes", "why": "", "answer": ""})
    assert "was taken off" in Mail.objects.get(recipient="visitor@example.org").text


def test_a_report_that_is_answered_leaves_the_service_alone(desk: Client, now: datetime) -> None:
    service = scenes.ready(at=now)
    desk.post(f"/desk/reports/{report(service, now).pk}", {"answer": "It is the school's own."})
    service.refresh_from_db()
    assert not service.suspend_wanted
    assert "It is the school's own." in Mail.objects.get(recipient="visitor@example.org").text


def test_a_service_is_taken_off_without_a_report_and_opened_again(desk: Client, now: datetime) -> None:
    service = scenes.ready(make_event(at=now), at=now)
    assert b"Visitors are kept out within seconds" in desk.get(f"/desk/services/{service.key}/suspend").content
    desk.post(f"/desk/services/{service.key}/suspend", {"why": "x"})
    assert b"Open it again" in desk.get("/desk/reports").content
    desk.post(f"/desk/services/{service.key}/lift")
    service.refresh_from_db()
    assert (service.suspend_wanted, service.is_shut) == (False, True)


def test_an_administrator_makes_a_curator(desk: Client, stranger: User) -> None:
    desk.post(f"/desk/people/{stranger.pk}/curator", {"curator": "yes"})
    assert User.objects.get(pk=stranger.pk).is_curator


def test_what_is_changed_in_the_tables_is_written_down_too(desk: Client, stranger: User, staff: User) -> None:
    where = reverse("admin:portal_user_change", args=[stranger.pk])
    desk.post(where, {"first_name": "Ada", "last_name": "", "time_zone": "", "is_active": "on"})
    deed = Deed.objects.get()
    assert (deed.did, deed.by) == ("admin", staff)
    assert (deed.person, stranger.email in deed.about) == (stranger, False)
    assert b"changed in the tables" in desk.get("/desk/audit").content


def test_whoever_leaves_is_named_in_no_deed(staff: User, stranger: User, now: datetime) -> None:
    audit.write("curator", stranger, by=staff, at=now)
    email = stranger.email
    stranger.delete()
    deed = Deed.objects.values().get()
    assert not deed["person_id"]
    assert email not in str(deed)


def test_what_was_done_stays_done(staff: User, now: datetime) -> None:
    deed = Deed.objects.create(at=now, by=staff, did="pause", about="")
    deed.about = "nothing"
    with pytest.raises(ValueError, match="stays done"):
        deed.save()
    with pytest.raises(ValueError, match="stays done"):
        deed.delete()


@pytest.mark.parametrize("did", sorted(DEEDS))
def test_every_deed_is_told_in_words(desk: Client, staff: User, now: datetime, did: str) -> None:
    Deed.objects.create(at=now, by=staff, did=did, about="it")
    assert str(DEEDS[did]) in desk.get("/desk/audit").content.decode()


def letters(desk: Client) -> list[str]:
    shown: list[str] = desk.get("/desk/mail").context["letters"]
    return shown


def test_every_letter_can_be_looked_at_as_text_and_as_a_mail_program_shows_it(desk: Client) -> None:
    for name in letters(desk):
        assert desk.get(f"/desk/mail/letters/{name}").status_code == 200
        shown = desk.get(f"/desk/mail/letters/{name}.html")
        assert b"<html" in shown.content
        assert "script-src" not in shown.headers["Content-Security-Policy"]


def test_only_letters_can_be_looked_at(desk: Client) -> None:
    assert desk.get("/desk/mail/letters/../base").status_code == 404


def test_a_test_goes_to_whoever_asks_for_it(desk: Client, staff: User) -> None:
    desk.post("/desk/mail/test")
    assert Mail.objects.get().recipient == staff.email


def test_no_code_is_shown_in_the_mail_room(desk: Client, now: datetime) -> None:
    Mail.objects.create(recipient="a@example.org", subject="482915 is it", text="482915", created_at=now, due_at=now)
    assert b"482915" not in desk.get("/desk/mail").content


@pytest.mark.parametrize("is_there", [True, False])
def test_administrators_are_told_on_every_page_that_nobody_gets_mail(
    desk: Client, settings: Settings, is_there: bool
) -> None:
    settings.EMBEDDED_MAIL = not is_there
    assert (b"No mail server is set up" in desk.get("/").content) != is_there


def test_nobody_else_is_told_about_the_mail_server(client: Client, stranger: User) -> None:
    client.force_login(stranger)
    assert b"No mail server is set up" not in client.get("/").content
