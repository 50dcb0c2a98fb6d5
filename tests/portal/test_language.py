"""German, whole: chosen by the browser, by a switch, by the account; pages and mails in the language of their reader."""

from datetime import UTC, timedelta

import pytest
from django.test import Client
from django.utils import translation

from portal import house, times
from portal.mail import notices
from portal.mail.letters import letter
from portal.models import User
from portal.words import problem
from provisioning.errors import Blame
from provisioning.models import House, Mail, Membership, Report
from provisioning.phases import Role
from tests.makers import NOON, make_event, make_person
from tests.portal import scenes
from tests.portal.german import english

GERMAN = {"Accept-Language": "de-AT,de;q=0.8,en;q=0.3"}


@pytest.fixture
def german(client: Client) -> Client:
    """A visitor whose browser asks for German."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = GERMAN["Accept-Language"]
    return client


def test_a_browser_that_asks_for_german_gets_it(german: Client, db: None) -> None:
    answer = german.get("/")
    assert '<html lang="de">' in answer.content.decode()
    assert answer.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
    assert not answer.cookies


def test_the_switch_needs_no_script_and_is_remembered(client: Client, db: None) -> None:
    answer = client.post("/language", {"language": "de", "next": "/apps"})
    assert answer.headers["Location"] == "/apps"
    assert '<html lang="de">' in client.get("/").content.decode()
    client.post("/language", {"language": "en"})
    assert '<html lang="en">' in client.get("/", headers=GERMAN).content.decode()


def test_a_language_that_we_do_not_speak_changes_nothing(visit: Client, owner: User) -> None:
    for language in ("tlh", "", "../../etc"):
        visit.post("/language", {"language": language})
    assert User.objects.get(pk=owner.pk).language == ""
    assert '<html lang="en">' in visit.get("/").content.decode()


def test_the_switch_leads_nowhere_else(client: Client, db: None) -> None:
    answer = client.post("/language", {"language": "de", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_whoever_is_signed_in_is_written_to_as_they_chose(visit: Client, owner: User) -> None:
    visit.post("/language", {"language": "de"})
    assert User.objects.get(pk=owner.pk).reads == "de"


def test_the_own_room_changes_pages_and_mails_at_once(visit: Client, owner: User) -> None:
    page = visit.post("/me", {"first_name": "Ms Weber", "language": "de", "time_zone": ""}, follow=True)
    assert '<html lang="de">' in page.content.decode()
    assert "Gespeichert." in page.content.decode()
    assert User.objects.get(pk=owner.pk).language == "de"


def test_a_mail_is_in_the_language_of_its_reader_whoever_caused_it(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(language="de")
    event = make_event(User.objects.get(pk=owner.pk), zone="Europe/Berlin")
    scenes.failed(event)
    with translation.override("en"):
        notices.write(NOON + timedelta(minutes=1))
    mail = Mail.objects.get(subject__contains="nicht gestartet")
    assert "Guten Tag" in mail.text
    assert english(mail.text) == []
    assert '<html lang="de"' in mail.html


def test_two_readers_of_one_event_are_each_written_to_in_theirs(owner: User) -> None:
    event = make_event(owner, zone="Europe/Berlin")
    german = make_person("anna")
    User.objects.filter(pk=german.pk).update(language="de")
    Membership.objects.create(event=event, person=german, role=Role.ORGANISER, since=NOON)
    deployment = scenes.ready(event)
    notices.write(NOON + timedelta(minutes=1))
    subjects = {mail.recipient: mail.subject for mail in Mail.objects.all()}
    assert subjects == {owner.email: f"{deployment.title} is open", german.email: f"{deployment.title} ist offen"}


def test_a_letter_leaves_the_language_of_the_page_as_it_was(owner: User) -> None:
    with translation.override("de"):
        letter("test", {"to": owner})
        assert translation.get_language() == "de"


def test_times_are_said_as_germans_say_them() -> None:
    with translation.override("de"):
        assert times.exact(NOON, UTC) == "Mo, 3. Mai, 12:00"
        assert times.day_and_hour(NOON, UTC) == "Montag, 3. Mai, 12:00 Uhr"
        assert times.relative(NOON + timedelta(days=3), NOON) == "in 3 Tagen"
        assert times.relative(NOON - timedelta(days=1), NOON - timedelta(minutes=5)) == "vor 24 Stunden"
        assert times.span(timedelta(days=7)) == "7 Tage"


def test_a_problem_is_told_in_german_to_its_last_word() -> None:
    with translation.override("de"):
        params = {"why": "text not found: Auktion"}
        told = problem("never-answered", Blame.APP, params, was_open=True, title="Auktion")
    assert "das war nicht darauf zu lesen: Auktion" in told.happened
    assert english(f"{told.happened} {told.safe} {told.can}") == []


def test_pages_of_errors_and_of_the_front_door_are_german_too(german: Client, db: None) -> None:
    shut = scenes.shut()
    for path, status in {"/nothing": 404, f"/door/{shut.host}": 403, "/door/x.apps.localhost": 404}.items():
        answer = german.get(path)
        assert (answer.status_code, english(answer.content.decode())) == (status, [])


def test_a_house_with_one_language_speaks_it_to_everybody(german: Client, desk: Client, staff: User) -> None:
    House.objects.create(language="en")
    house.changed()
    page = german.get("/").content.decode()
    assert '<html lang="en">' in page
    assert "Deutsch" not in page
    House.objects.update(language="de")
    house.changed()
    assert "Fairground kommt an" in letter("test", {"to": staff}).subject
    assert "language" not in desk.get("/me").context["form"].fields


def test_whoever_reported_is_answered_in_the_language_they_wrote_in(german: Client, staff: User) -> None:
    shown = scenes.ready()
    german.post("/report", {"host": shown.host, "reason": "trick", "words": "", "email": "a@b.org"})
    report = Report.objects.get()
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.get(pk=staff.pk))
    client.post(f"/desk/reports/{report.pk}", {"leave": "", "answer": "Alles gut."})
    assert Mail.objects.get(recipient="a@b.org").subject == f"Ihre Meldung über {shown.host}"
