"""The desk of an event: a page for each tab, what is first on it, its people and its history."""

from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from portal import house
from portal.models import User
from provisioning.models import Entry, Event, House, JoiningCode, Membership
from provisioning.phases import Happened, Role
from tests.makers import make_event, make_person, make_release
from tests.portal import scenes
from tests.portal.test_members import join

TABS = ("", "/people", "/limits", "/copies", "/timeline")


@pytest.fixture
def event(owner: User, now: datetime) -> Event:
    """An event of the owner's."""
    return make_event(owner, at=now)


def read(client: Client, event: Event, tab: str = "") -> str:
    return " ".join(unescape(strip_tags(client.get(f"/events/{event.key}{tab}").content.decode())).split())


def history(client: Client, event: Event) -> str:
    return read(client, event, "/timeline")


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_says_which_one_it_is_and_leads_to_the_others(visit: Client, event: Event, tab: str) -> None:
    page = visit.get(f"/events/{event.key}{tab}").content.decode()
    assert [f'href="/events/{event.key}{other}"' in page for other in TABS] == [True] * len(TABS)
    assert page.count('aria-current="page"') == 1


def test_a_service_is_added_to_the_event_from_whose_desk_one_came(visit: Client, event: Event, owner: User) -> None:
    make_event(owner, at=event.created_at + timedelta(hours=1), name="Newer")
    slug = make_release().app.slug
    way = f"?for={event.key}"
    assert f'href="/apps{way}"' in visit.get(f"/events/{event.key}").content.decode()
    assert f'href="/apps/{slug}{way}"' in visit.get(f"/apps{way}").content.decode()
    assert f'href="/services/new?app={slug}&amp;for={event.key}"' in visit.get(f"/apps/{slug}{way}").content.decode()
    form = visit.get(f"/services/new?app={slug}&for={event.key}", follow=True).context["form"]
    assert form["event"].value() == event.key


def test_no_event_of_somebody_else_is_named_on_the_way(visit: Client, stranger: User, now: datetime) -> None:
    other = make_event(stranger, at=now, name="Private party")
    assert "Private party" not in visit.get(f"/apps?for={other.key}").content.decode()


def test_what_needs_attention_comes_first(visit: Client, event: Event) -> None:
    scenes.ready(event, title="Fine")
    scenes.failed(event, title="Broken")
    page = read(visit, event)
    assert page.index("Needs attention") < page.index("Broken") < page.index("Fine")


def test_the_desk_says_for_how_long_this_house_keeps_copies(visit: Client, event: Event) -> None:
    assert "we keep a copy for 30 days" in read(visit, event)
    House.objects.create(copies_kept_days=12)
    house.changed()
    assert "we keep a copy for 12 days" in read(visit, event)
    assert "kept here for 12 days" in read(visit, event, "/copies")


def test_the_only_one_is_offered_a_joining_code(visit: Client, event: Event) -> None:
    page = read(visit, event, "/people")
    assert "Only you." in page
    assert "Show joining code" in page
    visit.post(f"/events/{event.key}/code")
    code = JoiningCode.objects.get()
    assert f"Only you. Joining code {code.code[:3]}-{code.code[3:]}" in read(visit, event, "/people")


def test_the_code_hangs_on_a_wall_until_it_is_switched_off(visit: Client, event: Event) -> None:
    assert visit.get(f"/events/{event.key}/card").status_code == 404
    visit.post(f"/events/{event.key}/code")
    page = visit.get(f"/events/{event.key}/card").content.decode()
    assert str(JoiningCode.objects.get()) in page
    assert "<svg" in page
    visit.post(f"/events/{event.key}/code/end")
    assert visit.get(f"/events/{event.key}/card").status_code == 404


def test_people_are_listed_with_what_they_are_and_never_by_their_mail_address(visit: Client, event: Event) -> None:
    guest, nameless = make_person("guest"), make_person("nameless")
    event.take_in(guest, at=event.created_at, name="Stella")
    event.take_in(nameless, at=event.created_at)
    page = read(visit, event, "/people")
    assert "You answers for it" in page
    assert "Stella takes part" in page
    assert "Somebody without a name takes part" in page
    assert [word for word in ("guest-", "nameless-") if word in page + history(visit, event)] == []


def test_a_participant_sees_who_organises_and_not_who_else_is_there(client: Client, event: Event, owner: User) -> None:
    guest, other = join(event), make_person()
    event.take_in(other, at=event.created_at, name="Somebody else")
    event.renew_code(by=owner, at=event.created_at)
    client.force_login(guest)
    page = read(client, event, "/people")
    assert "Who organises it" in page
    assert [words for words in ("Somebody else", "Joining code", "Make a new code") if words in page] == []


def test_an_organiser_is_made_and_unmade_and_everybody_can_read_who_did_it(
    visit: Client, event: Event, owner: User
) -> None:
    event.take_in(make_person(), at=event.created_at, name="Stella")
    one = Membership.objects.get(name="Stella")
    for role in (Role.ORGANISER, Role.PARTICIPANT):
        assert visit.get(f"/events/{event.key}/people/{one.pk}").status_code == 200
        visit.post(f"/events/{event.key}/people/{one.pk}/role", {"role": role})
        one.refresh_from_db()
        assert one.role == role
        assert f"{owner.called} made Stella " in history(visit, event)


def test_somebody_is_taken_out_and_the_history_says_by_whom(visit: Client, event: Event, owner: User) -> None:
    event.take_in(make_person(), at=event.created_at, name="Stella")
    one = Membership.objects.get(name="Stella")
    visit.post(f"/events/{event.key}/people/{one.pk}/remove")
    assert not Membership.objects.filter(pk=one.pk).exists()
    assert f"{owner.called} took Somebody out of the event." in history(visit, event)


def test_nobody_of_another_event_is_touched_from_here(visit: Client, event: Event, stranger: User) -> None:
    other = make_event(stranger)
    one = Membership.objects.get(event=other)
    for verb in ("role", "remove"):
        assert visit.post(f"/events/{event.key}/people/{one.pk}/{verb}").status_code == 404
    assert visit.get(f"/events/{event.key}/people/{one.pk}").status_code == 404


def test_whoever_leaves_finds_it_no_more_and_the_last_organiser_is_told_why_not(visit: Client, event: Event) -> None:
    page = visit.post(f"/events/{event.key}/leave", follow=True).content.decode()
    assert "Nobody else organises it." in page
    join(event, Role.ORGANISER)
    assert visit.post(f"/events/{event.key}/leave").headers["Location"] == "/home"
    assert visit.get(f"/events/{event.key}").status_code == 404


def test_showing_and_hiding_the_public_page_is_written_down(visit: Client, event: Event, owner: User) -> None:
    for _ in range(2):
        visit.post(f"/events/{event.key}/show")
    visit.post(f"/events/{event.key}/hide")
    wishes = Entry.objects.filter(event=event, happened=Happened.WISH, by=owner).order_by("at", "pk")
    assert [one.told["wanted"] for one in wishes] == ["show", "hide"]
    page = history(visit, event)
    assert page.index("took the event's page away") < page.index("showed the event's page to everybody")


def test_the_history_tells_of_the_event_and_its_services_the_newest_first(visit: Client, event: Event) -> None:
    scenes.ready(event, at=event.created_at, title="Auction")
    visit.post(f"/events/{event.key}/show")
    page = history(visit, event)
    assert page.index("Auction: It answered at its address. Open.") < page.index("asked for it to be set up.")
    assert "showed the event's page to everybody" in page


def test_limits_say_what_is_used_of_what_there_is(visit: Client, event: Event, now: datetime) -> None:
    scenes.ready(event, at=now)
    join(event)
    page = read(visit, event, "/limits")
    assert "Services at once 1 of 20" in page
    assert "People 2 of 500" in page
    assert "Cost Nothing." in page


def test_a_price_is_told_for_each_service_that_has_one(visit: Client, event: Event) -> None:
    machine = scenes.ready(event, title="Auction").machines.get()
    type(machine.fabric).objects.update(options={"price_per_day": "0.40 EUR"})
    scenes.change(machine, price_per_hour=Decimal("0.40") / 24)
    assert "Cost Auction0.40 EUR a day" in read(visit, event, "/limits").replace("Auction 0", "Auction0")


def test_an_event_is_made_with_a_name_and_a_last_day(visit: Client, owner: User, now: datetime) -> None:
    day = (now + timedelta(days=3)).date()
    given = {"name": "Spring Fair", "last_day": day.isoformat(), "time_zone": "Europe/Berlin"}
    answer = visit.post("/events/new", given)
    made = Event.objects.get()
    assert answer.headers["Location"] == f"/events/{made.key}"
    assert (made.name, made.owner, made.zone, made.opens_at <= made.closes_at) == (
        "Spring Fair", owner, "Europe/Berlin", True,
    )  # fmt: skip
    assert made.closes_at.astimezone(ZoneInfo("Europe/Berlin")).date() == day


def test_an_event_may_open_in_two_months_and_last_for_one(visit: Client, db: None, now: datetime) -> None:
    opens, last = ((now + timedelta(days=days)).date() for days in (60, 90))
    given = {"name": "Spring Fair", "last_day": last.isoformat(), "opens_day": opens.isoformat()}
    visit.post("/events/new", given)
    made = Event.objects.get()
    assert (made.opens_at.date(), made.closes_at.date()) == (opens, last)


def test_an_event_opens_when_its_organiser_says(visit: Client, event: Event, now: datetime) -> None:
    day = (now + timedelta(days=2)).date()
    visit.post(f"/events/{event.key}/plan", {"opens_day": day.isoformat(), "opens_time": "10:30", "all_launch": "on"})
    event.refresh_from_db()
    assert (event.opens_at.date(), event.opens_at.strftime("%H:%M"), event.all_launch) == (day, "10:30", True)
    assert 'value="10:30"' in visit.get(f"/events/{event.key}/limits").content.decode()
    visit.post(f"/events/{event.key}/plan", {})
    event.refresh_from_db()
    assert (event.opens_at <= datetime.now(event.tzinfo), event.all_launch) == (True, False)


def test_an_event_does_not_open_after_its_end(visit: Client, event: Event, now: datetime) -> None:
    late = (now + timedelta(days=30)).date().isoformat()
    assert "That is after its end." in visit.post(f"/events/{event.key}/plan", {"opens_day": late}).content.decode()


@pytest.mark.parametrize("day", ["2016-05-04", "1000-01-01", "yesterday"])
def test_an_opening_day_that_is_over_is_told_and_changes_nothing(
    visit: Client, owner: User, now: datetime, day: str
) -> None:
    event = make_event(owner, at=now, zone="Europe/Berlin")
    yesterday = (now.astimezone(event.tzinfo) - timedelta(days=1)).date().isoformat()
    page = visit.post(f"/events/{event.key}/plan", {"opens_day": yesterday if day == "yesterday" else day})
    assert "That day is over." in page.content.decode()
    event.refresh_from_db()
    assert event.opens_at == now


def test_a_page_that_was_open_since_before_the_opening_can_still_be_saved(
    visit: Client, owner: User, now: datetime
) -> None:
    opened = now - timedelta(days=2)
    event = make_event(owner, at=opened, zone="Pacific/Auckland")
    day = opened.astimezone(event.tzinfo).date().isoformat()
    answer = visit.post(f"/events/{event.key}/plan", {"opens_day": day, "opens_time": "10:00", "all_launch": "on"})
    event.refresh_from_db()
    assert (answer.status_code, event.all_launch) == (302, True)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_in_another_zone_is_refused_wherever_one_is_asked_for(
    desk: Client, staff: User, now: datetime, zone: str, day: str
) -> None:
    User.objects.update(time_zone=zone)
    event, slug = make_event(staff, at=now, zone=zone), make_release().app.slug
    of_event = [f"/events/{event.key}/plan", f"/events/{event.key}/extend"]
    ways = ["/events/new", *of_event, f"/services/new?app={slug}", "/desk/invitations"]
    asked = {"name": "Fair", "event_name": "Fair", "event": "new", "form_token": "a", "most": "1"}
    answers = [desk.post(way, asked | {"opens_day": day, "opens_time": "00:00", "last_day": day}) for way in ways]
    assert [answer.status_code for answer in answers] == [200] * len(ways)
    assert [way for way, answer in zip(ways, answers, strict=True) if b"too far away" not in answer.content] == []


def test_participants_are_offered_to_launch_where_the_event_allows_it(client: Client, event: Event) -> None:
    client.force_login(join(event))
    assert "Add a service" not in read(client, event)
    Event.objects.update(all_launch=True)
    assert "Add a service" in read(client, event)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_asks_the_database_as_often_for_200_people_as_for_one(
    visit: Client, event: Event, tab: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 200):
        people = User.objects.bulk_create(
            User(email=f"{count}-{n}@example.org", first_name=f"N{n}") for n in range(count)
        )
        took_part = {"event": event, "role": Role.PARTICIPANT, "since": event.created_at}
        Membership.objects.bulk_create(Membership(person=person, **took_part) for person in people)
        scenes.ended(event)
        with django_assert_max_num_queries(15):
            page = visit.get(f"/events/{event.key}{tab}").content
        assert len(page) < 100_000
