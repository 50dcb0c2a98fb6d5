"""The public page of an event: shown by its organiser alone, seen by everybody, before, while and after it is on."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal import house
from portal.models import User
from provisioning.models import Event, House
from tests.makers import NOON, make_event, make_person
from tests.portal import scenes


def address(event: Event) -> str:
    event.show(by=event.owner, at=NOON)
    event.refresh_from_db()
    return f"/e/{event.public_name}"


def seen(client: Client, event: Event) -> str:
    return client.get(address(event)).content.decode()


def test_an_event_is_shown_to_nobody_before_its_organiser_shows_it(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    place = address(event)
    visit.post(f"/events/{event.key}/hide")
    assert visit.get(place).status_code == 404
    visit.post(f"/events/{event.key}/show")
    assert visit.get(place).status_code == 200


def test_its_address_is_the_same_when_it_is_shown_again(owner: User) -> None:
    event = make_event(owner, name="Frühlingsfest & Büchertisch")
    before = address(event)
    assert event.hide(by=owner, at=NOON)
    assert not event.hide(by=owner, at=NOON)
    assert address(event) == before
    assert not event.show(by=owner, at=NOON)


def test_an_event_of_other_letters_has_an_address_too(client: Client, owner: User, now: datetime) -> None:
    assert "春祭り" in seen(client, make_event(owner, at=now, name="春祭り"))


def test_visitors_find_what_is_open_and_are_told_of_nothing_that_went_wrong(
    client: Client, owner: User, now: datetime
) -> None:
    made = scenes.fair(owner, now)
    page = seen(client, made["ready"].event)
    assert f'href="{made["ready"].url}"' in page
    assert "Building" in page
    assert [name for name in ("Failed", "Shut", "Leaving", "Ended") if name in page] == []
    assert made["building"].url not in page


@pytest.mark.parametrize(("begins", "told"), [(-1, "It is open until"), (2, "Spring Fair opens "), (-30, "It ended")])
def test_visitors_are_told_when_it_is(client: Client, owner: User, now: datetime, begins: int, told: str) -> None:
    assert told in seen(client, make_event(owner, at=now + timedelta(days=begins)))


def test_the_page_names_nobody_by_their_mail_address(client: Client, db: None, now: datetime) -> None:
    nameless = make_person("weber-private")
    User.objects.filter(pk=nameless.pk).update(first_name="")
    page = seen(client, make_event(User.objects.get(pk=nameless.pk), at=now))
    assert "weber-private" not in page
    assert "Organised by" not in page


def test_the_public_page_asks_as_often_for_many_services_as_for_one(
    client: Client, owner: User, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    event = make_event(owner, at=now)
    place = address(event)
    for _ in range(2):
        scenes.ready(event, at=now)
        with django_assert_max_num_queries(4):
            client.get(place)
        for _ in range(4):
            scenes.ready(event, at=now)


def test_before_it_opens_visitors_are_told_when_and_programs_when_to_come_back(
    client: Client, owner: User, now: datetime
) -> None:
    event = make_event(owner, at=now + timedelta(hours=3))
    scenes.ready(event, at=now, title="Auction")
    answer = client.get(address(event))
    page = answer.content.decode()
    assert answer.status_code == 503
    assert 3 * 3600 - 60 < int(answer.headers["Retry-After"]) <= 3 * 3600
    assert "Auction" in page
    assert event.deployments.get().url not in page
    assert client.get(f"{address(event)}/calendar.ics").status_code == 200


def test_the_public_page_says_for_how_long_this_house_keeps_copies(client: Client, owner: User, now: datetime) -> None:
    House.objects.create(copies_kept_days=12)
    house.changed()
    assert "as copies for 12 days, and then deleted" in seen(client, make_event(owner, at=now))


def test_an_event_that_is_not_shown_is_in_no_calendar(client: Client, owner: User) -> None:
    event = make_event(owner)
    place = address(event)
    event.hide(by=owner, at=NOON)
    assert client.get(f"{place}/calendar.ics").status_code == 404
