"""A refused address is not silently dropped: its owner reads of it, and so does whoever organises the event."""

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import Settings

from portal.mail import notices, outbox
from portal.models import User
from provisioning.models import Event, Mail
from provisioning.phases import Role
from tests.makers import make_event
from tests.portal import scenes
from tests.portal.post_office import open_office


@pytest.fixture
def event(owner: User, stranger: User, now: datetime, settings: Settings) -> Event:
    """With two organisers, of whom one gets no mail."""
    User.objects.filter(pk=stranger.pk).update(email="refused-1@example.org", first_name="Bert")
    made = make_event(owner, at=now)
    made.take_in(stranger, at=now)
    made.appoint(stranger, Role.ORGANISER, by=owner, at=now)
    scenes.ready(made, at=now)
    with open_office(settings):
        notices.write(now)
        outbox.post(now)
    return made


def test_whoever_organises_reads_whom_no_mail_reaches(visit: Client, event: Event) -> None:
    page = visit.get(f"/events/{event.key}").content.decode()
    assert "Our mail about this event does not reach Bert." in page
    assert "does not reach you" not in visit.get("/home").content.decode()


def test_whoever_gets_no_mail_reads_so_in_their_own_room(client: Client, event: Event) -> None:
    client.force_login(User.objects.get(first_name="Bert"))
    page = client.get("/home").content.decode()
    assert "Our mail does not reach you: a mail server refuses refused-1@example.org." in page
    assert "Change my mail address" in page


def test_participants_do_not_read_whom_no_mail_reaches(client: Client, event: Event, now: datetime) -> None:
    guest = User.objects.create(email="guest@example.org")
    event.take_in(guest, at=now)
    client.force_login(guest)
    assert "does not reach" not in client.get(f"/events/{event.key}").content.decode()


def test_once_the_mail_has_left_nothing_is_said_of_it(visit: Client, event: Event, now: datetime) -> None:
    Mail.objects.update(sent_at=now)
    assert "does not reach" not in visit.get(f"/events/{event.key}").content.decode()
