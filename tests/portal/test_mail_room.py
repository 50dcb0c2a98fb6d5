"""The mail room: whether mail leaves, why not in plain words, and what one can do about it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from portal.desk.today import red_lines
from portal.mail import outbox
from portal.mail.letters import Letter
from portal.models import User
from provisioning.models import Mail
from tests.portal.post_office import open_office, use

HELLO = Letter("Hello", "Hello.\n", "", "let_in")
SAVED = {"EMAIL_HOST_USER": "fair", "EMAIL_HOST_PASSWORD": "wrong"}


def test_a_test_arrives_and_is_said_to_have_left(desk: Client, staff: User, settings: Settings) -> None:
    with open_office(settings) as post:
        page = desk.post("/desk/mail/test", follow=True).content.decode()
        (mail,) = post.mails()
    assert mail["To"] == staff.email
    assert f"127.0.0.1 took the test for {staff.email}" in page
    assert "Nothing waits." in page


def test_a_test_that_fails_says_why_in_plain_words_and_is_not_tried_again(
    desk: Client, settings: Settings, now: datetime
) -> None:
    with open_office(settings, asks=True):
        for name, value in SAVED.items():
            setattr(settings, name, value)
        page = desk.post("/desk/mail/test", follow=True).content.decode()
    assert "The test did not leave. The mail server does not take our name and password." in page
    assert "Correct them in EMAIL_URL in the settings" in page
    assert "Authentication credentials invalid" in page
    assert not outbox.unsent()
    assert red_lines([], now + timedelta(days=1)) == []


def test_without_a_mail_server_a_test_is_said_to_have_gone_nowhere(desk: Client) -> None:
    page = desk.post("/desk/mail/test", follow=True).content.decode()
    assert "No mail server is set up, so the test went nowhere" in page


def test_what_has_not_left_says_why_and_can_be_tried_now(desk: Client, settings: Settings, now: datetime) -> None:
    use(settings, 1)
    at = now - timedelta(minutes=11)
    outbox.put(HELLO, "anna@example.org", at=at)
    outbox.post(at)
    outbox.post(now)
    (line,) = red_lines([], now)
    assert line.what == "1 mail has not been taken by any server yet. The mail server does not answer."
    assert "The mail server does not answer." in desk.get(line.url).content.decode()
    assert "1 mail is tried again now." in desk.post("/desk/mail/again", follow=True).content.decode()
    assert Mail.objects.get().due_at < now + timedelta(minutes=1)


def test_an_address_that_is_refused_is_seen_at_the_desk_until_somebody_lets_it_go(
    desk: Client, settings: Settings, now: datetime
) -> None:
    with open_office(settings):
        outbox.put(HELLO, "refused@example.org", at=now - timedelta(days=4))
        outbox.post(now - timedelta(days=4))
        outbox.post(now)
    (line,) = red_lines([], now)
    page = desk.get(line.url).content.decode()
    assert "The mail server refuses this address." in page
    assert "550 nobody here" in page
    desk.post("/desk/mail/let-go")
    assert red_lines([], now) == []


@pytest.mark.parametrize("path", ["/desk/mail/test", "/desk/mail/again", "/desk/mail/let-go"])
def test_opening_an_address_of_the_mail_room_does_nothing(desk: Client, path: str) -> None:
    assert desk.get(path).status_code == 405
