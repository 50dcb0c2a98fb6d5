"""Events: their desk, their end, and a person's own room."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal.models import User
from provisioning.models import Deployment, Event, House
from tests.makers import make_event, make_release
from tests.portal import scenes


def test_somebody_without_events_is_offered_the_stalls(visit: Client) -> None:
    assert "You have no event yet" in visit.get("/home").content.decode()


def test_events_come_in_the_order_in_which_they_end(visit: Client, owner: User, now: datetime) -> None:
    make_event(owner, at=now, days=9, name="Later")
    make_event(owner, at=now - timedelta(days=30), days=2, name="Over")
    make_event(owner, at=now, days=2, name="Sooner")
    page = visit.get("/home").content.decode()
    assert page.index("Sooner") < page.index("Later") < page.index("Over")


def test_what_needs_somebody_is_told_first(visit: Client, owner: User) -> None:
    event = make_event(owner)
    scenes.ready(event)
    scenes.failed(event, title="Broken one")
    page = visit.get("/home").content.decode()
    assert page.index("Needs you") < page.index("Broken one") < page.index("Spring Fair")


def test_opening_the_page_of_an_extension_changes_nothing(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    assert "Extend Spring Fair?" in visit.get(f"/events/{event.key}/extend").content.decode()
    before = event.closes_at
    event.refresh_from_db()
    assert event.closes_at == before


def test_an_event_that_is_over_leads_to_its_copies_and_can_be_used_once_more(
    visit: Client, owner: User, now: datetime
) -> None:
    event = make_event(owner, at=now - timedelta(days=9), days=7)
    assert "Look at its kept copies" in visit.get(f"/events/{event.key}").content.decode()
    page = visit.get(f"/events/{event.key}/extend").content.decode()
    assert "Use Spring Fair once more?" in page
    assert "It ends" not in page
    day = (now + timedelta(days=1)).date().isoformat()
    assert "Add a service" in visit.post(f"/events/{event.key}/extend", {"last_day": day}, follow=True).content.decode()


def test_extending_an_event_moves_its_services(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    deployment = scenes.ready(event, at=now)
    day = (now + timedelta(days=14)).date()
    page = visit.post(f"/events/{event.key}/extend", {"last_day": day.isoformat()}, follow=True).content.decode()
    deployment.refresh_from_db()
    assert deployment.expires_at.date() == day
    assert "its services now end on" in page


@pytest.mark.parametrize(("days", "told"), [(-1, "That day is over"), (400, "The latest last day")])
def test_an_end_that_cannot_be_is_told(visit: Client, owner: User, now: datetime, days: int, told: str) -> None:
    event = make_event(owner, at=now)
    day = (now + timedelta(days=days)).date().isoformat()
    assert told in visit.post(f"/events/{event.key}/extend", {"last_day": day}).content.decode()


def test_no_event_outlasts_what_the_house_allows_however_often_its_opening_is_moved(
    visit: Client, owner: User, now: datetime
) -> None:
    House.objects.create(longest_event_days=30)
    event = make_event(owner, at=now, days=29)
    opens = {"opens_day": (now + timedelta(days=28)).date().isoformat()}
    assert visit.post(f"/events/{event.key}/plan", opens).status_code == 302
    day = {"last_day": (now + timedelta(days=32)).date().isoformat()}
    assert "The latest last day" in visit.post(f"/events/{event.key}/extend", day).content.decode()
    assert Event.objects.get().closes_at == event.closes_at


def test_an_end_before_the_opening_is_told_and_nothing_is_moved(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now, days=20)
    Event.objects.update(opens_at=now + timedelta(days=10))
    day = (now + timedelta(days=3)).date().isoformat()
    page = visit.post(f"/events/{event.key}/extend", {"last_day": day}, follow=True).content.decode()
    assert "It opens only on" in page
    assert "now end on" not in page
    assert Event.objects.get().closes_at == event.closes_at


def test_an_end_that_is_chosen_already_is_not_said_to_be_moved(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    day = {"last_day": (now + timedelta(days=14)).date().isoformat()}
    told = [visit.post(f"/events/{event.key}/extend", day, follow=True).content.decode() for _ in range(2)]
    assert ["now end on" in page for page in told] == [True, False]
    assert ["Nothing was changed:" in page for page in told] == [False, True]


def test_ending_an_event_asks_all_its_services_to_go(visit: Client, owner: User) -> None:
    event = make_event(owner)
    scenes.ready(event)
    scenes.building(event)
    visit.post(f"/events/{event.key}/end")
    assert set(Deployment.objects.values_list("wanted", flat=True)) == {"gone"}


@pytest.mark.parametrize(
    ("path", "queries"), [("/", 5), ("/apps", 5), ("/home", 6), ("/events/{event}", 8), ("/services/{service}", 16)]
)
def test_a_page_asks_the_database_as_often_for_many_as_for_one(
    visit: Client, owner: User, path: str, queries: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    event = make_event(owner)
    deployment = scenes.ready(event)
    for _ in range(2):
        with django_assert_max_num_queries(queries):
            visit.get(path.format(event=event.key, service=deployment.key))
        for _ in range(5):
            scenes.ready(event)
            make_event(owner)
            make_release()
