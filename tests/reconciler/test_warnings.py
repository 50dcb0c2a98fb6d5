"""Warnings before an event ends, and ends that wait for the last of them."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from portal.mail.letters import Letter
from portal.mail.outbox import put
from provisioning.models import Deployment, Entry, Event, Mail
from provisioning.phases import Happened, Phase, Wanted
from provisioning.reconciler.keep import end_what_is_over
from provisioning.reconciler.warnings import agreed_end, due_warnings, is_late, owed, wait_for_warnings
from tests.makers import NOON, launch, make_event
from tests.simulation import Simulation

pytestmark = pytest.mark.thorough

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_warnings_come_a_week_a_day_and_an_hour_before_the_end(world: Simulation) -> None:
    event = make_event(days=30)
    deployment = launch(event)
    world.until_phase(deployment, Phase.READY)
    for before in (7 * DAY, DAY, HOUR):
        world.sleep_until(event.closes_at - before + timedelta(seconds=1))
        world.run_for(timedelta(minutes=1))
    warned = Entry.objects.filter(happened=Happened.WARNING, event=event)
    assert [entry.told["before"] for entry in warned] == [7 * 86400, 86400, 3600]


def test_two_services_of_one_event_are_one_warning(world: Simulation) -> None:
    event = make_event(days=30)
    launch(event)
    launch(event)
    world.sleep_until(event.closes_at - DAY)
    world.run_for(timedelta(minutes=3))
    assert Entry.objects.filter(happened=Happened.WARNING).count() == 1


def test_a_warning_leaves_half_of_the_life_before_it() -> None:
    day_long = due_warnings(NOON + DAY, NOON, NOON + 23 * HOUR)
    assert day_long == [HOUR]
    assert not due_warnings(NOON + HOUR, NOON, NOON + timedelta(minutes=59))


def moves(event: Event) -> list[datetime]:
    """Where its end has moved to because a warning was late."""
    told = Entry.objects.filter(event=event, happened=Happened.EXTENSION, told__late=True).order_by("at", "pk")
    return [datetime.fromisoformat(move.told["to"]) for move in told]


def month(world: Simulation) -> Event:
    """An event of a month with a service that people use, an hour and five minutes before its end."""
    event = make_event(days=30)
    world.until_phase(launch(event), Phase.READY)
    world.sleep_until(event.closes_at - HOUR - 5 * MINUTE)
    return event


def ended_at(world: Simulation) -> datetime:
    """Turn until its service is asked to go, passing over the quiet hours; return when that was."""
    while (deployment := Deployment.objects.get()).wanted == Wanted.UP:
        for moment in (deployment.expires_at - HOUR, deployment.expires_at):
            world.sleep_until(moment - MINUTE)
            world.run_for(2 * MINUTE)
    return Entry.objects.get(happened=Happened.WISH, told__wanted=Wanted.GONE).at


def test_an_end_whose_warning_left_in_time_is_the_end(world: Simulation) -> None:
    event = month(world)
    assert timedelta() <= ended_at(world) - event.closes_at < MINUTE
    assert moves(event) == []


def test_an_end_waits_for_a_warning_that_cannot_leave_but_no_longer_than_a_day(world: Simulation) -> None:
    event = month(world)
    world.post_is_away = True
    assert timedelta() <= ended_at(world) - (event.closes_at + DAY) < MINUTE
    assert len(moves(event)) <= 25
    assert moves(event) == sorted(moves(event))
    assert moves(event)[-1] == event.closes_at + DAY


def test_once_the_warning_has_left_there_is_as_much_time_as_there_would_have_been(world: Simulation) -> None:
    event = month(world)
    world.post_is_away = True
    world.sleep_until(event.closes_at + 90 * MINUTE)
    world.run_for(2 * MINUTE)
    world.post_is_away, back = False, world.at
    assert HOUR - 3 * MINUTE < ended_at(world) - back < HOUR + MINUTE


def test_an_outage_of_the_whole_portal_delays_the_end_too(world: Simulation) -> None:
    event = month(world)
    world.sleep_until(event.closes_at + 2 * HOUR)
    back = world.at
    assert HOUR - MINUTE < ended_at(world) - back < HOUR + MINUTE
    told = Entry.objects.filter(happened=Happened.WARNING).order_by("-pk")[0].told
    assert told["closes_at"] == moves(event)[-1].isoformat()


def test_after_days_without_the_portal_what_is_over_is_over(world: Simulation) -> None:
    event = month(world)
    world.sleep_until(event.closes_at + 3 * DAY)
    assert ended_at(world) - (event.closes_at + 3 * DAY) < MINUTE
    assert moves(event) == []


def test_a_mail_that_no_server_took_is_a_warning_that_has_not_left(world: Simulation) -> None:
    event = month(world)
    world.run_for(10 * MINUTE)
    put(Letter("", "", "", "warning"), "anna@example.org", at=NOON, entry=Entry.objects.get(told__before=3600))
    wait_for_warnings(event.closes_at)
    assert moves(event) == [event.closes_at + HOUR]
    Mail.objects.update(sent_at=NOON)
    event.refresh_from_db()
    world.run_for(2 * MINUTE)
    wait_for_warnings(event.closes_at)
    assert end_what_is_over(event.closes_at - MINUTE) == 0


def test_an_event_too_short_for_a_warning_ends_on_time(world: Simulation) -> None:
    event = make_event(days=1 / 24)
    launch(event)
    world.post_is_away = True
    assert ended_at(world) - event.closes_at < MINUTE
    assert moves(event) == []


def test_a_warning_that_is_not_due_yet_is_not_late(world: Simulation, settings: Settings) -> None:
    settings.WARNINGS = [timedelta(seconds=40)]
    event = make_event(days=1 / 24)
    launch(event)
    wait_for_warnings(event.closes_at - timedelta(seconds=50))
    wait_for_warnings(event.closes_at - timedelta(seconds=10))
    assert moves(event) == []
    wait_for_warnings(event.closes_at)
    assert len(moves(event)) == 1


def test_whoever_lets_an_event_end_sooner_is_not_told_that_it_ends_later(world: Simulation) -> None:
    event = month(world)
    world.sleep_until(event.closes_at - 20 * DAY)
    event = make_event(days=30)
    launch(event)
    at = NOON + 20 * DAY
    event.move(at + 30 * MINUTE, by=event.owner, at=at)
    assert owed(event, NOON) is None
    wait_for_warnings(at + 30 * MINUTE)
    assert moves(event) == []


def test_an_end_that_people_move_is_the_end_that_counts(world: Simulation) -> None:
    event = make_event(days=30)
    launch(event)
    late = event.closes_at + HOUR
    event.move(late, by=None, at=event.closes_at - MINUTE, is_late=True)
    assert agreed_end(event) == late - HOUR
    event.move(late + 7 * DAY, by=event.owner, at=event.closes_at - MINUTE + HOUR)
    assert agreed_end(event) == late + 7 * DAY


def test_only_the_last_warning_is_owed(world: Simulation) -> None:
    event = make_event(days=30)
    launch(event)
    day_before = event.closes_at - DAY
    assert not is_late(event, DAY, day_before + 2 * HOUR)
    assert not is_late(event, HOUR, event.closes_at - HOUR + 9 * MINUTE)
    assert is_late(event, HOUR, event.closes_at - HOUR + 11 * MINUTE)
