"""Mail that had to wait tells what is so when it leaves, and is not sent if nothing of it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from portal.mail import notices, outbox
from portal.models import User
from portal.people import kept
from provisioning.models import Entry, Event, House, Mail
from provisioning.phases import Happened
from provisioning.reconciler.warnings import agreed_end, wait_for_warnings, warn
from tests.makers import NOON, make_event
from tests.portal import scenes
from tests.portal.post_office import Post, open_office, use

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def office(settings: Settings, db: None) -> Iterator[Post]:
    with open_office(settings) as post:
        yield post


def post(at: datetime) -> None:
    """What the clock asks for."""
    warn(at)
    notices.write(at)
    outbox.post(at, notices.tells_now)


def fair(owner: User) -> Event:
    """An event of a month, whose news are known."""
    event = make_event(owner, days=30)
    scenes.ready(event)
    Entry.objects.update(noticed=True)
    return event


def test_a_last_warning_that_could_not_leave_in_time_moves_the_end_and_tells_the_new_one(
    owner: User, settings: Settings
) -> None:
    event = fair(owner)
    use(settings, 1)
    post(event.closes_at - HOUR)
    late = event.closes_at - HOUR + timedelta(minutes=40)
    with open_office(settings) as server:
        post(late)
        assert server.taken == []
        post(late + timedelta(seconds=5))
        (mail,) = server.mails()
    event.refresh_from_db()
    assert event.closes_at == late + HOUR == agreed_end(event) + timedelta(minutes=40)
    assert "ends on Wednesday 2 June, 12:40" in mail["Subject"]
    assert "It was to end on Wednesday 2 June, 12:00" in str(mail.get_body(("plain",)))


def test_an_end_waits_for_a_warning_that_never_left_however_short_mails_are_kept(owner: User) -> None:
    House.objects.create(mails_kept_days=0)
    event = fair(owner)
    end = event.closes_at
    warn(end - HOUR)
    notices.write(end - HOUR)
    kept.tidy(end - HOUR / 2)
    wait_for_warnings(end)
    event.refresh_from_db()
    assert event.closes_at > end


def test_a_warning_that_is_in_time_moves_nothing(owner: User, office: Post) -> None:
    event = fair(owner)
    post(event.closes_at - HOUR + timedelta(minutes=9))
    assert len(office.taken) == 1
    assert not Entry.objects.filter(happened=Happened.EXTENSION).exists()


def test_a_warning_that_is_a_day_late_moves_nothing_any_more(owner: User, settings: Settings) -> None:
    event = fair(owner)
    use(settings, 1)
    post(event.closes_at - HOUR)
    before = event.closes_at
    event.move(before + DAY, by=None, at=before - timedelta(minutes=1), is_late=True)
    with open_office(settings) as server:
        post(before + DAY - timedelta(minutes=20))
    event.refresh_from_db()
    assert event.closes_at == before + DAY
    assert len(server.taken) == 1


def test_an_early_warning_that_left_late_moves_nothing(owner: User, office: Post) -> None:
    event = fair(owner)
    post(event.closes_at - DAY + 5 * HOUR)
    assert len(office.taken) == 1
    assert not Entry.objects.filter(happened=Happened.EXTENSION).exists()


def test_of_two_warnings_that_wait_the_nearer_is_sent(owner: User, settings: Settings) -> None:
    event = fair(owner)
    use(settings, 1)
    post(event.closes_at - 7 * DAY)
    post(event.closes_at - DAY)
    assert Mail.objects.count() == 2
    with open_office(settings) as server:
        post(event.closes_at - DAY + HOUR)
        post(event.closes_at - DAY + 2 * HOUR)
    (mail,) = server.mails()
    assert "in 23 hours" in str(mail.get_body(("plain",)))


def test_a_warning_of_an_end_that_was_moved_meanwhile_is_not_sent(owner: User, settings: Settings) -> None:
    event = fair(owner)
    use(settings, 1)
    post(event.closes_at - DAY)
    event.move(event.closes_at + 20 * DAY, by=owner, at=event.closes_at - DAY)
    with open_office(settings) as server:
        post(event.closes_at - 20 * DAY)
    assert (server.taken, Mail.objects.count()) == ([], 0)


def test_news_that_are_not_so_any_more_are_not_sent(owner: User, settings: Settings) -> None:
    deployment = scenes.ready(make_event(owner))
    use(settings, 1)
    post(NOON + timedelta(minutes=1))
    scenes.change(deployment, wanted="gone", phase="retiring")
    with open_office(settings) as server:
        post(NOON + HOUR)
    assert (server.taken, Mail.objects.count()) == ([], 0)


def test_news_are_told_as_they_are_when_they_leave(owner: User, settings: Settings) -> None:
    deployment = scenes.silent(make_event(owner))
    Entry.objects.update(noticed=True)
    Entry.objects.write(deployment, Happened.HEALTH, at=NOON, cause="silent:1", answers=False, why="status 500")
    use(settings, 1)
    post(NOON + timedelta(minutes=1))
    with open_office(settings) as server:
        post(NOON + 3 * HOUR)
    (mail,) = server.mails()
    assert "3 hours ago" in str(mail.get_body(("plain",)))


def test_a_mail_to_an_address_that_its_reader_has_left_still_goes_there(owner: User, settings: Settings) -> None:
    scenes.ready(make_event(owner))
    use(settings, 1)
    post(NOON + timedelta(minutes=1))
    User.objects.filter(pk=owner.pk).update(email="new@example.org")
    with open_office(settings) as server:
        post(NOON + HOUR)
    assert [mail["To"] for mail in server.mails()] == [owner.email]
