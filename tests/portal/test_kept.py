"""What is kept, why, until when: the page and the clean-up say the same, and whoever left has left no trace."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django import Settings

from catalog import checks
from catalog.models import App, Wish
from portal.desk import audit
from portal.models import Deed, Invitation, Token, User
from portal.people import kept, leaving
from portal.people.accounts import ask_to_let_in
from provisioning.models import Admission, Allowance, Archive, Deployment, Entry, Event, House, LogChunk, Mail, Report
from provisioning.models.address import new_address
from provisioning.phases import Decision, Happened
from tests.makers import make_event, make_person
from tests.portal import scenes
from tests.portal.site import session_of

NAME, MAIL = "Zuckmayer", "zuckmayer@example.org"
YEARS = timedelta(days=800)


def traces() -> Iterator[str]:
    """Every cell of every table that holds the name or the mail address, whatever its type."""
    for model in apps.get_models(include_auto_created=True):
        table = connection.ops.quote_name(model._meta.db_table)
        for field in model._meta.concrete_fields:
            column = connection.ops.quote_name(field.column or field.name)
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {column} FROM {table}")
                cells = [row[0] for row in cursor.fetchall()]
            yield from (f"{model.__name__}.{field.name}: {cell!r}"[:200] for cell in cells if tells(cell))


def tells(cell: object) -> bool:
    text = bytes(cell).decode(errors="replace") if isinstance(cell, bytes | memoryview) else str(cell)
    return NAME.lower() in text.lower()


def plant(staff: User, now: datetime, archives: Path) -> User:
    """Somebody who has left a trace wherever one can be left."""
    person = User.objects.create(username=NAME, email=MAIL, first_name=NAME, last_name=NAME, is_let_in=False)
    EmailAddress.objects.create(user=person, email=MAIL, verified=True, primary=True)
    Allowance.objects.create(person=person, services=3)
    Authenticator.objects.create(user=person, type="webauthn", data={"name": NAME, "credential": {}})
    SocialAccount.objects.create(user=person, provider="directory", uid=NAME, extra_data={"email": MAIL})
    ask_to_let_in(person, now)
    Token.make(person, NAME, may_change=True, until=now + timedelta(days=3000), at=now)
    Wish.objects.create(words=NAME, by=person, at=now)
    checks.ask(f"https://git.example.org/{NAME}", "HEAD", by=person, at=now)
    audit.write("let-in", person, by=staff, at=now, told=f"for {MAIL}")
    LogEntry.objects.create(
        user=staff, content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk),
        object_repr=MAIL, action_flag=CHANGE, change_message=MAIL,
    )  # fmt: skip
    for scene in (scenes.ended, scenes.ended):
        plant_service(person, scene(make_event(person, at=now, name=f"Fair of {NAME}"), at=now, title=NAME), now)
    for copy in Archive.objects.all():
        (archives / copy.name).write_bytes(b"copy")
    for event in Event.objects.filter(owner=person):
        event.take_in(make_person(), at=now, name=f"Cousin of {NAME}")
    make_event(staff, at=now).take_in(person, at=now, name=NAME)
    session_of(person)
    return person


def plant_service(person: User, service: Deployment, now: datetime) -> None:
    told = {"why": NAME, "title": NAME}
    Event.objects.filter(pk=service.event_id).update(public_name=f"fair-of-{NAME.lower()}-{service.pk}")
    scenes.change(service, values={"who": NAME}, answer={"matched": NAME}, problem_params=told, suspended_why=NAME)
    machine = service.machines.get()
    scenes.change(machine, outputs=told, facts=told, problem_params=told, sighting=told, spec=told)
    LogChunk.objects.create(machine=machine, job="configure-1", offset=0, size=9, data=f"hello {NAME}".encode())
    Entry.objects.write(service, Happened.PROBLEM, at=now, cause="planted", by=person, params=told)
    Report.objects.create(host=service.host, deployment=service, reason="trick", words=NAME, mail=MAIL, at=now)
    App.objects.filter(releases=service.release).update(added_by=person, decided_by=person)
    entry = Entry.objects.filter(deployment=service).first()
    Mail.objects.create(entry=entry, recipient=MAIL, subject=NAME, text=NAME, html=NAME, created_at=now, due_at=now)


@pytest.fixture
def archives(tmp_path: Path, settings: Settings) -> Path:
    settings.ARCHIVES = tmp_path
    return tmp_path


def drop_copies(archives: Path, now: datetime) -> None:
    """As the housekeeping of services does, with those that are over."""
    for copy in Archive.objects.filter(deleted_at=None, delete_at__lte=now):
        (archives / copy.name).unlink()
    Archive.objects.filter(delete_at__lte=now).update(deleted_at=now)


def test_the_search_for_traces_finds_what_was_planted(staff: User, now: datetime, archives: Path) -> None:
    plant(staff, now, archives)
    found = {one.partition(":")[0] for one in traces()}
    assert {
        "Authenticator.data", "SocialAccount.uid", "SocialAccount.extra_data", "User.username", "User.email",
        "User.last_name", "EmailAddress.email", "Event.name",
        "Deployment.title", "Deployment.name",
        "Address.name", "Archive.name", "Machine.facts", "LogChunk.data", "Entry.told", "Mail.html", "Report.words",
        "Deed.told", "LogEntry.object_repr", "Membership.name", "Wish.words", "Check.url", "Token.name",
    } <= found  # fmt: skip


def test_whoever_has_left_has_left_no_trace(staff: User, now: datetime, archives: Path) -> None:
    person = plant(staff, now, archives)
    leaving.leave(person, at=now)
    kept.tidy(now)
    drop_copies(archives, now)

    kept.tidy(now + YEARS)

    assert list(traces()) == []
    assert list(archives.iterdir()) == []
    assert not Session.objects.exists()


def test_an_address_that_was_forgotten_is_never_given_again(
    owner: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = scenes.ended(make_event(owner, at=now), at=now)
    service.archives.update(deleted_at=now)
    before = service.name
    leaving.leave(owner, at=now)
    leaving.forget(owner, now)
    service.refresh_from_db()
    assert service.name != before
    drawn = iter([before.rpartition("-")[2], "abcdef"])
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: next(drawn))
    assert new_address(before.rpartition("-")[0], now).name.endswith("-abcdef")


def test_what_is_over_goes_and_what_is_not_stays(owner: User, staff: User, now: datetime) -> None:
    House.objects.create(mails_kept_days=10, logs_kept_days=10, names_kept_days=10)
    for days in (9, 11):
        at = now - timedelta(days=days)
        scenes.ended(make_event(owner, at=at), at=at)
        entry = Entry.objects.filter(at=at).first()
        sent = {"created_at": at, "due_at": at, "sent_at": at}
        Mail.objects.create(entry=entry, recipient=owner.email, subject="x", text="x", **sent)
        audit.write("settings", "house", by=staff, at=at)
        Invitation.objects.create(until=at + timedelta(days=10), created_at=at)
        Report.objects.create(host="x", reason="trick", at=at, decided_at=at, decision=Decision.ANSWERED)
    kept.tidy(now)
    assert [model.objects.count() for model in (Mail, LogChunk, Invitation, Report)] == [1, 1, 1, 1]
    assert Deed.objects.filter(by=staff).count() == 1
    assert {one.at for one in Entry.objects.exclude(by=None)} == {now - timedelta(days=9)}


def test_a_mail_that_is_owed_stays_until_it_has_left_or_is_given_up(owner: User, now: datetime) -> None:
    House.objects.create(mails_kept_days=0)
    entry = scenes.ready(make_event(owner, at=now), at=now).entries.latest("pk")
    at = now - timedelta(days=2)
    owed = Mail.objects.create(entry=entry, recipient=owner.email, subject="x", text="x", created_at=at, due_at=at)
    for over in ({"sent_at": now}, {"given_up_at": now}):
        Mail.objects.create(entry=entry, recipient=f"{over}@example.org", text="x", created_at=at, due_at=at, **over)
    kept.tidy(now)
    assert list(Mail.objects.all()) == [owed]


def test_an_account_that_nobody_proved_goes_after_a_week(db: None, now: datetime) -> None:
    for days, verified in ((8, False), (6, False), (8, True)):
        person = User.objects.create(email=f"{days}{verified}@example.org", date_joined=now - timedelta(days=days))
        EmailAddress.objects.create(user=person, email=person.email, verified=verified, primary=True)
    kept.tidy(now)
    assert sorted(person.email for person in User.objects.all()) == ["6False@example.org", "8True@example.org"]


def test_in_quarantine_nothing_is_forgotten(db: None, now: datetime) -> None:
    Admission.objects.create(quarantined=True)
    Mail.objects.create(
        recipient="a@example.org", subject="x", text="x", created_at=now - YEARS, due_at=now, sent_at=now
    )
    kept.tidy(now)
    assert Mail.objects.exists()
    Admission.objects.update(quarantined=False)
    kept.tidy(now)
    assert not Mail.objects.exists()


def test_the_page_tells_every_line_of_the_table_with_the_days_of_the_house(client: Client, db: None) -> None:
    House.objects.create(mails_kept_days=47)
    page = client.get("/privacy").content.decode()
    assert page.count("Until when:") == len(kept.KEPT)
    assert "47 days, and until they have left or were given up; those with a code one day" in page
