"""The page behind the link of a warning: one button, and opening it changes nothing."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from portal.models import User
from portal.pages.extension import Link, extension_of, later_end, link_to, read
from provisioning.models import Entry, Event, Fabric, House, Machine
from provisioning.phases import Role
from tests.makers import NOON, make_event
from tests.portal import scenes

DAY = timedelta(days=1)


@pytest.fixture
def event(owner: User, now: datetime) -> Event:
    """One with two services, five days before its end."""
    made = make_event(owner, at=now - 2 * DAY, zone="Europe/Berlin")
    scenes.ready(made)
    scenes.ready(made)
    return made


@pytest.fixture
def path(event: Event, owner: User) -> str:
    return f"/extend/{link_to(owner, event)}"


def end_of(event: Event) -> datetime:
    return Event.objects.values_list("closes_at", flat=True).get(pk=event.pk)


def shown(visit: Client, path: str) -> str:
    return " ".join(visit.get(path).content.decode().split())


def press(visit: Client, path: str) -> None:
    """Press what the page shows."""
    to = visit.get(path).context["page"].to
    visit.post(path, {"to": to.isoformat()})


def test_opening_the_link_asks_and_changes_nothing(visit: Client, path: str, event: Event) -> None:
    page = shown(visit, path)
    assert "Extend Spring Fair to" in page
    assert "2 services, no cost." in page
    visit.head(path)
    assert end_of(event) == event.closes_at
    assert not Entry.objects.filter(event=event).exists()


def test_what_a_later_end_costs_is_said_before_the_press(visit: Client, path: str, event: Event) -> None:
    Machine.objects.update(price_per_hour=Decimal("0.02"))
    Fabric.objects.update(options={"price_per_day": "0.48 €"})
    assert "2 services, 0.96 € for every day longer." in shown(visit, path)
    assert "Every day longer costs 0.96 €." in shown(visit, f"/events/{event.key}/extend")
    Machine.objects.update(price_per_hour=0)
    assert "It costs nothing." in shown(visit, f"/events/{event.key}/extend")


def test_a_press_extends_by_a_week_at_the_same_hour_and_can_be_undone(visit: Client, path: str, event: Event) -> None:
    press(visit, path)
    assert end_of(event) == event.closes_at + 7 * DAY
    page = shown(visit, path)
    assert "Extended." in page
    assert "All 2 services now end" in page
    visit.post(f"{path}/undo")
    assert end_of(event) == event.closes_at
    assert "Extend Spring Fair to" in shown(visit, path)


def test_a_second_press_and_a_second_undo_change_nothing(visit: Client, path: str, event: Event) -> None:
    to = visit.get(path).context["page"].to.isoformat()
    for _ in range(2):
        visit.post(path, {"to": to})
    assert end_of(event) == event.closes_at + 7 * DAY
    for _ in range(2):
        visit.post(f"{path}/undo")
    assert end_of(event) == event.closes_at


def test_a_press_on_an_old_page_does_not_do_what_it_did_not_show(visit: Client, path: str, event: Event) -> None:
    visit.post(path, {"to": (event.closes_at + 50 * DAY).isoformat()})
    assert end_of(event) == event.closes_at


def test_later_the_link_says_that_it_was_done_by_whom_and_when(visit: Client, path: str, event: Event) -> None:
    press(visit, path)
    moved = Entry.objects.get(event=event)
    Entry.objects.update(at=moved.at - DAY)
    page = shown(visit, path)
    assert "Already extended to" in page
    assert "By you," in page


def test_an_end_that_we_moved_ourselves_is_not_an_extension(visit: Client, path: str, event: Event) -> None:
    event.move(event.closes_at + timedelta(hours=1), by=None, at=event.closes_at - DAY, is_late=True)
    assert "Extend Spring Fair to" in shown(visit, path)


def test_after_the_end_the_link_says_so_and_what_is_safe(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now - 2 * DAY, days=1.9)
    scenes.ended(event)
    page = shown(visit, f"/extend/{link_to(owner, event)}")
    assert "Spring Fair ended" in page
    assert "2 hours ago" in page
    assert "Your copy is safe." in page
    assert "Put it up again" in page


def test_while_it_is_packed_no_copy_is_called_safe(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now - 2 * DAY, days=1.9)
    scenes.leaving(event)
    page = shown(visit, f"/extend/{link_to(owner, event)}")
    assert "being packed away now" in page
    assert "safe" not in page


def test_what_was_taken_down_before_is_not_extended(visit: Client, path: str, event: Event, now: datetime) -> None:
    event.end_now(by=None, at=now)
    assert "Nothing of Spring Fair runs any more" in shown(visit, path)


def test_nothing_is_extended_beyond_what_the_house_allows(visit: Client, path: str, event: Event) -> None:
    House.objects.create(longest_event_days=10)
    assert "the longest that an event may last here" in shown(visit, path)
    press(visit, path)
    assert end_of(event) < event.opens_at + 11 * DAY
    House.objects.update(longest_event_days=7)
    event.refresh_from_db()
    late = f"/extend/{link_to(event.owner, event)}"
    assert "Spring Fair cannot end later" in shown(visit, late)
    assert later_end(event)[0] <= event.closes_at


def test_an_opening_that_was_moved_makes_no_later_end_possible(event: Event) -> None:
    House.objects.create(longest_event_days=10)
    latest = later_end(event)
    Event.objects.update(opens_at=event.opens_at + 6 * DAY)
    event.refresh_from_db()
    assert later_end(event) == latest


def test_the_end_stays_at_its_hour_when_the_clocks_change(owner: User) -> None:
    event = make_event(owner, at=datetime.fromisoformat("2027-10-20T18:00:00+00:00"), days=7, zone="Europe/Berlin")
    to, _ = later_end(event)
    assert (to.hour, event.closes_at.astimezone(event.tzinfo).hour) == (20, 20)


def test_the_link_opens_nothing_to_anybody_else_not_even_to_who_may_extend(
    client: Client, path: str, event: Event, stranger: User, staff: User
) -> None:
    assert client.get(path).headers["Location"].startswith("/accounts/login/?next=/extend/")
    assert client.post(path).status_code == 302
    assert client.post(f"{path}/undo").status_code == 404
    event.take_in(stranger, at=event.opens_at)
    event.appoint(stranger, Role.ORGANISER, by=event.owner, at=event.opens_at)
    for person in (stranger, staff):
        client.force_login(person)
        assert client.get(path).status_code == client.post(path).status_code == 404


@pytest.mark.parametrize("signed", ["nonsense", "WzEsImEiLDFd:AAAA", "a:b:c", "é"])
def test_a_forged_link_is_no_page(client: Client, visit: Client, signed: str) -> None:
    for somebody in (client, visit):
        assert somebody.get(f"/extend/{signed}").status_code == 404


def test_a_link_means_nothing_long_after_its_end(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now - 100 * DAY, days=30)
    assert visit.get(f"/extend/{link_to(owner, event)}").status_code == 404


def test_a_shorter_end_is_not_called_an_extension(owner: User) -> None:
    event = make_event(owner, days=30)
    scenes.ready(event)
    link = Link(owner.pk, event.key, event.closes_at)
    event.move(event.closes_at - DAY, by=owner, at=NOON)
    assert extension_of(event, link, NOON).face == "open"


def test_a_link_says_what_it_was_made_of(owner: User) -> None:
    event = make_event(owner)
    assert read(link_to(owner, event), NOON) == Link(owner.pk, event.key, event.closes_at)
