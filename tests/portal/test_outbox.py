"""The outbox: written first, sent later, once; a server that is away delays, and loses nothing."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

from portal.mail import outbox
from portal.mail.letters import Letter
from provisioning.models import Mail
from tests.makers import NOON, make_event
from tests.portal import scenes

HELLO = Letter("Grüße", "It is **open**.\n", "<p>It is open.</p>")


class Post:
    """A mail server that keeps what it takes, and refuses one address."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("refused"):
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def server(settings: Settings, db: None) -> Iterator[Post]:
    """A real one on a free port of this computer."""
    post = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Controller(post, hostname="127.0.0.1", port=port)
    running.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield post
    running.stop()


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


def test_mails_with_codes_are_forgotten_after_a_day(db: None) -> None:
    owe("anna@example.org")
    outbox.put(HELLO, "bert@example.org", at=NOON, entry=scenes.ready(make_event()).entries.first())
    outbox.tidy(NOON + timedelta(hours=25))
    assert Mail.objects.get().recipient == "bert@example.org"
