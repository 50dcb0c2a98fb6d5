"""The outbox: written first, sent later, once; a server that is away delays, and loses nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import Settings

from portal.mail import notices, outbox
from portal.mail.letters import Letter
from portal.models import User
from provisioning.models import Admission, Mail
from tests.makers import NOON, make_event
from tests.portal import scenes
from tests.portal.post_office import Post, open_office

HELLO = Letter("Grüße", "It is **open**.\n", "<p>It is open.</p>")


@pytest.fixture
def server(settings: Settings, db: None) -> Iterator[Post]:
    """A real one on a free port of this computer."""
    with open_office(settings) as post:
        yield post


def owe(*recipients: str) -> None:
    for recipient in recipients:
        outbox.put(HELLO, recipient, at=NOON)


def test_a_mail_is_sent_once_with_an_id_that_follows_from_its_row(server: Post) -> None:
    owe("anna@example.org")
    assert (outbox.post(NOON), outbox.post(NOON + timedelta(hours=1))) == (1, 0)
    (envelope,) = server.taken
    assert envelope.rcpt_tos == ["anna@example.org"]
    assert f"Message-ID: <{Mail.objects.get().key}@localhost>".encode() in envelope.content
    assert b"text/plain" in envelope.content
    assert b"text/html" in envelope.content


def test_one_refused_address_keeps_no_other_from_its_mail(server: Post) -> None:
    owe("refused@example.org", "anna@example.org")
    assert outbox.post(NOON) == 1
    assert Mail.objects.get(recipient="refused@example.org").tries == 1


def test_a_server_that_is_away_loses_nothing(settings: Settings, server: Post) -> None:
    owe("anna@example.org")
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert outbox.post(NOON) == 0
    assert outbox.post(NOON + timedelta(seconds=10)) == 0
    assert Mail.objects.get().tries == 1
    settings.EMAIL_PORT = port
    assert outbox.post(NOON + timedelta(minutes=1)) == 1


def test_in_quarantine_no_mail_leaves_and_what_is_owed_stays(server: Post) -> None:
    owe("anna@example.org")
    Admission.objects.create(quarantined=True)
    assert outbox.post(NOON) == 0
    assert (server.taken, Mail.objects.get().tries) == ([], 0)
    Admission.objects.update(quarantined=False)
    assert outbox.post(NOON) == 1


def test_pauses_between_tries_grow_to_an_hour(settings: Settings, server: Post) -> None:
    owe("refused@example.org")
    at, pauses = NOON, []
    for _ in range(9):
        outbox.post(at)
        due = Mail.objects.get().due_at
        pauses.append(due - at)
        at = due
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=30), timedelta(hours=1))


def test_a_mail_that_nobody_takes_for_days_is_given_up(server: Post) -> None:
    owe("anna@example.org")
    assert outbox.post(NOON + timedelta(days=4)) == 0
    assert not server.taken


def test_one_cause_is_one_mail_per_person(db: None) -> None:
    entry = scenes.ready(make_event()).entries.first()
    for _ in range(2):
        outbox.put(HELLO, "anna@example.org", at=NOON, entry=entry)
        outbox.put(HELLO, "bert@example.org", at=NOON, entry=entry)
    assert Mail.objects.count() == 2


def test_mails_with_codes_are_forgotten_after_a_day_and_others_only_once_they_have_left(db: None) -> None:
    outbox.put(replace(HELLO, name="account/email_confirmation"), "anna@example.org", at=NOON)
    outbox.put(replace(HELLO, name="let_in"), "carl@example.org", at=NOON)
    outbox.put(HELLO, "bert@example.org", at=NOON, entry=scenes.ready(make_event()).entries.first())
    outbox.tidy(NOON + timedelta(hours=25))
    assert set(Mail.objects.values_list("recipient", flat=True)) == {"bert@example.org", "carl@example.org"}
    Mail.objects.update(sent_at=NOON)
    outbox.tidy(NOON + timedelta(hours=25))
    assert Mail.objects.get().recipient == "bert@example.org"


def test_a_name_with_a_line_break_makes_no_header(server: Post, owner: User) -> None:
    scenes.ready(make_event(owner), title="Wiki\r\nBcc: everybody@example.org\r\n\r\nHello")
    notices.write(NOON + timedelta(minutes=1))
    assert outbox.post(NOON + timedelta(minutes=1)) == 1
    (mail,) = server.mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Wiki Bcc: everybody@example.org Hello is open"
    assert server.tried == [owner.email]


def test_no_machine_answers_a_mail_and_one_may_do_without_some(server: Post) -> None:
    for name in ("ready", "warning"):
        outbox.put(replace(HELLO, name=name), f"{name}@example.org", at=NOON)
    outbox.post(NOON)
    ready, warning = sorted(server.mails(), key=lambda mail: str(mail["To"]))
    assert ready["List-Unsubscribe"] == "<http://localhost:8000/me#mails>"
    assert warning["List-Unsubscribe"] is None
    assert ready["Auto-Submitted"] == warning["Auto-Submitted"] == "auto-generated"
    assert warning["From"] == "Fairground <fairground@localhost>"


@pytest.mark.parametrize("name", ["\u05d9\u05e8\u05d9\u05d3", "Fête d'été", "Jahrmarkt 🎪", "x" * 80])
def test_a_name_in_any_writing_arrives_as_it_was_written(server: Post, owner: User, name: str) -> None:
    scenes.ready(make_event(owner), title=name)
    notices.write(NOON + timedelta(minutes=1))
    outbox.post(NOON + timedelta(minutes=1))
    (mail,) = server.mails()
    assert name in str(mail["Subject"])
    body = mail.get_body(("plain",))
    assert body
    assert name in body.get_content()


def test_of_two_that_want_to_send_a_mail_one_does(db: None) -> None:
    owe("anna@example.org")
    seen, also_seen = Mail.objects.get(), Mail.objects.get()
    assert [outbox._claimed(seen, NOON), outbox._claimed(also_seen, NOON)] == [True, False]


def test_a_mail_whose_sender_was_killed_is_sent_by_another_later_and_recognised(server: Post) -> None:
    owe("anna@example.org")
    assert outbox._claimed(Mail.objects.get(), NOON)
    assert outbox.post(NOON + timedelta(minutes=1)) == 0
    assert outbox.post(NOON + outbox.CLAIM) == 1
    (mail,) = server.mails()
    assert mail["Message-ID"] == f"<{Mail.objects.get().key}@localhost>"


def test_the_address_of_a_mail_server_in_the_settings_is_used_with_a_line_that_is_cut() -> None:
    asked = (
        "from django.conf import settings as s; print(s.EMAIL_BACKEND, s.EMAIL_HOST, s.EMAIL_USE_TLS, s.EMBEDDED_MAIL)"
    )
    env = os.environ | {
        "EMAIL_URL": "smtp+tls://fair:secret@mail.example.org:587",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    said = subprocess.run([sys.executable, "-c", asked], env=env, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["portal.mail.line.Line", "mail.example.org", "True", "False"]
