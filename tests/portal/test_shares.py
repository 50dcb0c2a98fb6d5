"""What one person may use at once, and for how long: told before the press, and heeded after it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import User
from provisioning.admission import place_in_line, share_of
from provisioning.models import Admission, Allowance, Deployment, House
from provisioning.models.house import longest_event_of
from tests.makers import launch, make_event, make_person, make_release
from tests.portal import scenes


def form(visit: Client) -> str:
    return visit.get(f"/services/new?app={make_release().app.slug}", follow=True).content.decode()


def test_the_house_the_person_and_the_settings_say_how_many_in_this_order(owner: User, settings: Settings) -> None:
    settings.SERVICES_PER_PERSON = 7
    assert (share_of(owner.pk).most_services, share_of(owner.pk).most_memory_mib) == (7, 0)
    House.objects.create(services_each=5, memory_each_mib=512)
    assert (share_of(owner.pk).most_services, share_of(owner.pk).most_memory_mib) == (5, 512)
    Allowance.objects.create(person=owner, services=9)
    assert (share_of(owner.pk).most_services, share_of(owner.pk).most_memory_mib) == (9, 512)


def test_what_one_uses_is_told_before_the_press(visit: Client, owner: User, now: datetime) -> None:
    assert "that one person" not in form(visit)
    scenes.ready(make_event(owner, at=now), at=now)
    assert "You use 1 of the 20 machines that one person may use at once." in form(visit)
    Allowance.objects.create(person=owner, services=1)
    assert "it waits in line, and begins by itself" in form(visit)


def test_what_could_never_begin_is_told_before_the_press(visit: Client, owner: User) -> None:
    Allowance.objects.create(person=owner, memory_mib=64)
    assert "takes more than one person may use here at once" in form(visit)


def test_memory_counts_with_what_runs(visit: Client, owner: User, now: datetime) -> None:
    size = scenes.ready(make_event(owner, at=now), at=now).machines.get().memory_mib
    House.objects.create(memory_each_mib=2 * size - 1)
    share = share_of(owner.pk)
    assert (share.services, share.memory_mib) == (1, size)
    assert share.could_ever_hold(size)
    assert not share.has_room_for(size)


def test_an_event_lasts_no_longer_than_the_house_and_the_person_may(owner: User) -> None:
    House.objects.create(longest_event_days=10)
    assert longest_event_of(owner.pk) == timedelta(days=10)
    Allowance.objects.create(person=owner, longest_event_days=30)
    assert longest_event_of(owner.pk) == timedelta(days=10)
    Allowance.objects.update(longest_event_days=3)
    assert longest_event_of(owner.pk) == timedelta(days=3)


def test_an_end_beyond_what_is_allowed_is_refused_with_the_latest_day(
    visit: Client, owner: User, now: datetime
) -> None:
    event = make_event(owner, at=now, days=5)
    House.objects.create(longest_event_days=10)
    late = (now + timedelta(days=12)).date().isoformat()
    page = visit.post(f"/events/{event.key}/extend", {"last_day": late}).content.decode()
    assert "an event lasts at most 10 days" in page
    event.refresh_from_db()
    assert event.closes_at < now + timedelta(days=6)


@pytest.mark.parametrize(("last", "places"), [(0, [1, 3, 4, 2]), (1, [2, 3, 4, 1])])
def test_ones_place_in_line_goes_from_person_to_person(db: None, now: datetime, last: int, places: list[int]) -> None:
    greedy, modest = make_event(make_person()), make_event(make_person("bob"))
    many = [launch(greedy, at=now + timedelta(seconds=n)) for n in range(3)]
    one = launch(modest, at=now + timedelta(minutes=1))
    Admission.objects.create(last_person_id=greedy.owner_id if last else 0)
    assert [place_in_line(Deployment.objects.get(pk=row.pk)) for row in (*many, one)] == places
