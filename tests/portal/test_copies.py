"""Kept copies: the list of them, and putting one up again."""

import re
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from portal.desk.today import red_lines, rooms
from portal.models import User
from provisioning.models import Allowance, Archive, Deployment, House, Machine
from provisioning.nights import next_night
from provisioning.phases import CopyKind, Phase
from tests.makers import NOON, launch, make_event, make_release
from tests.portal import scenes


def kept(owner: User, now: datetime) -> Archive:
    """A copy of an ended service."""
    return scenes.ended(make_event(owner, at=now), at=now, title="Photo wall").archives.get()


def door(copy: Archive) -> str:
    """Where it is put up again."""
    return f"/services/{copy.deployment.key}/copies/{copy.pk}/again"


def shown(visit: Client, path: str) -> str:
    return unescape(visit.get(path, follow=True).content.decode())


def press(visit: Client, copy: Archive, **given: str) -> Deployment | None:
    """Fill in the form as it comes, and send it."""
    page = visit.get(door(copy), follow=True).content.decode()
    token = re.search(r'name="form_token" value="(\w+)"', page)
    assert token
    asked = {"form_token": token[1], "event": copy.deployment.event.key, "title": copy.deployment.title}
    visit.post(door(copy), asked | given)
    return Deployment.objects.filter(restored_from=copy).first()


def test_the_list_says_when_it_was_proven_when_it_goes_and_what_can_be_done(
    visit: Client, owner: User, now: datetime
) -> None:
    copy = kept(owner, now)
    page = shown(visit, "/copies")
    assert [
        words for words in ("Photo wall", "Proven", "Will be deleted", door(copy), "Download") if words not in page
    ] == []
    assert door(copy) in shown(visit, f"/services/{copy.deployment.key}")


def test_an_empty_list_says_what_will_be_here(visit: Client) -> None:
    assert "Nothing kept yet" in shown(visit, "/copies")


def test_a_press_launches_the_same_version_at_the_same_address(visit: Client, owner: User, now: datetime) -> None:
    copy = kept(owner, now)
    before = copy.deployment
    assert before.host in shown(visit, door(copy))
    again = press(visit, copy)
    assert again
    assert (again.name, again.release, again.dataset, again.title) == (
        before.name,
        before.release,
        before.dataset,
        before.title,
    )
    assert again.pk != before.pk


def test_a_new_event_is_made_with_the_same_press(visit: Client, owner: User, now: datetime) -> None:
    copy, tomorrow = kept(owner, now), now.date() + timedelta(days=1)
    again = press(visit, copy, event="new", event_name="Next year", last_day=tomorrow.isoformat())
    assert again
    assert again.event.name == "Next year"


def test_what_is_up_again_is_shown_instead_of_a_second_press(visit: Client, owner: User, now: datetime) -> None:
    copy = kept(owner, now)
    again = press(visit, copy)
    assert again
    page = shown(visit, "/copies")
    assert f"/services/{again.key}" in page
    assert door(copy) not in page
    assert "It gets a new address" in shown(visit, door(copy))


def test_an_organiser_puts_up_what_another_owned_at_a_new_address(visit: Client, owner: User, now: datetime) -> None:
    copy = kept(owner, now)
    other = User.objects.create(email="other@example.org")
    Deployment.objects.filter(pk=copy.deployment_id).update(owner=other)
    again = press(visit, copy)
    assert again
    assert again.name != copy.deployment.name


def test_a_stranger_finds_neither_list_nor_form(client: Client, owner: User, stranger: User) -> None:
    copy = kept(owner, NOON)
    client.force_login(stranger)
    assert client.get(door(copy)).status_code == 404
    assert "Photo wall" not in shown(client, "/copies")


def test_what_cannot_be_put_up_is_not_offered(visit: Client, owner: User, now: datetime) -> None:
    copy = kept(owner, now)
    copy.deployment.release.app.retire(by=None, at=now)
    assert visit.get(door(copy)).status_code == 404
    assert "not offered any more" in shown(visit, "/copies")


def test_what_was_taken_off_comes_back_by_no_copy_until_the_desk_lets_it(
    visit: Client, owner: User, staff: User, now: datetime
) -> None:
    copy, desk = kept(owner, now), Client()
    desk.force_login(staff)
    page, listed = f"/services/{copy.deployment.key}", "/desk/reports"
    told = desk.post(f"/desk{page}/suspend", {"why": "It asks for passwords."}, follow=True).content
    assert b"has ended, and cannot be put up again until you let it." in told
    for phase in (Phase.GONE, Phase.READY):
        Deployment.objects.update(phase=phase, due_at=None if phase == Phase.GONE else now)
        assert visit.get(door(copy)).status_code == 404
        assert door(copy) not in shown(visit, page) + shown(visit, "/copies")
    Deployment.objects.update(phase=Phase.GONE, due_at=None)
    assert "until whoever looks after this place lets it" in shown(visit, page)
    assert "until whoever looks after this place lets it" in shown(visit, "/copies")

    assert "Let it be put up again" in shown(desk, listed)
    assert "may be put up again." in unescape(desk.post(f"/desk{page}/lift", follow=True).content.decode())
    assert "Let it be put up again" not in shown(desk, listed)
    assert press(visit, copy)


def test_a_deleted_copy_and_one_of_a_service_that_is_still_there_are_not_put_up(
    visit: Client, owner: User, now: datetime
) -> None:
    copy = kept(owner, now)
    Deployment.objects.filter(pk=copy.deployment_id).update(phase=Phase.RETIRING, due_at=now)
    assert visit.get(door(copy)).status_code == 404
    Deployment.objects.filter(pk=copy.deployment_id).update(phase=Phase.GONE, due_at=None)
    Archive.objects.filter(pk=copy.pk).update(deleted_at=now)
    assert visit.get(door(copy)).status_code == 404


def test_the_list_takes_as_many_queries_for_many_copies_as_for_one(
    visit: Client, owner: User, now: datetime, django_assert_max_num_queries: object
) -> None:
    for _ in range(4):
        kept(owner, now)
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        shown(visit, "/copies")


def test_a_press_asks_for_a_copy_of_what_runs_and_a_second_one_is_harmless(
    visit: Client, owner: User, now: datetime
) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now)
    assert "Keep a copy now" in shown(visit, f"/services/{deployment.key}")
    for said in ("is being made and checked", "asked for already"):
        assert said in unescape(visit.post(f"/services/{deployment.key}/keep", follow=True).content.decode())
    page = shown(visit, f"/services/{deployment.key}")
    assert ("A copy is being made …" in page, "Keep a copy now" in page) == (True, False)
    assert "asked for a copy" in page


def test_what_keeps_nothing_offers_no_copy(visit: Client, owner: User, now: datetime) -> None:
    deployment = launch(make_event(owner, at=now), make_release(stateless=True), at=now)
    assert "Keep a copy now" not in shown(visit, f"/services/{deployment.key}")
    assert not deployment.keep_copy(by=owner, at=now)


@pytest.mark.parametrize("decided", ["house", "person"])
def test_where_nobody_may_ask_for_copies_none_is_offered_or_made(
    visit: Client, owner: User, now: datetime, decided: str
) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now)
    if decided == "house":
        House.objects.create(copies_each=0)
    else:
        Allowance.objects.create(person=owner, copies=0)
    assert "Keep a copy now" not in shown(visit, f"/services/{deployment.key}")
    assert not deployment.keep_copy(by=owner, at=now)


def test_an_empty_list_says_when_the_first_copy_is_made_tonight(visit: Client, owner: User, now: datetime) -> None:
    deployment = scenes.ready(make_event(owner, at=now, zone="Europe/Berlin"), at=now)
    machine = deployment.machine()
    assert machine
    night = next_night(machine.key, ZoneInfo("Europe/Berlin"), now).astimezone(ZoneInfo("Europe/Berlin"))
    assert f"The first copy is made tonight at {night:%H:%M}." in shown(visit, "/copies")
    assert f"tonight at {night:%H:%M}" in shown(visit, f"/services/{deployment.key}")
    House.objects.create(nightly_copies=0)
    assert "tonight" not in shown(visit, "/copies")


def test_a_copy_of_what_runs_is_put_up_beside_it_at_an_address_of_its_own(
    visit: Client, owner: User, now: datetime
) -> None:
    before = scenes.ready(make_event(owner, at=now), at=now, title="Photo wall")
    machine = before.machine()
    assert machine
    until = now + timedelta(days=30)
    night = {"kind": CopyKind.NIGHTLY, "name": "night.tar.gz", "sha256": "b" * 64, "size": 13}
    copy = Archive.objects.create(deployment=before, machine=machine, verified_at=now, delete_at=until, **night)
    assert "Put it up beside it" in shown(visit, "/copies")
    assert "Of the night" in shown(visit, "/copies")
    again = press(visit, copy)
    assert again
    assert again.name != before.name
    Archive.objects.update(is_surplus=True)
    assert "Of the night" not in shown(visit, "/copies")
    assert visit.get(door(copy)).status_code == 404


def test_the_desk_tells_of_copies_that_could_not_be_made_at_night(visit: Client, now: datetime) -> None:
    deployment = scenes.ready(make_event(at=now), at=now)
    Machine.objects.update(copy_problem="copy-failed")
    (line,) = (line for line in red_lines(rooms(), now) if "is on its machine alone" in line.what)
    assert line.url == f"/services/{deployment.key}"


def test_a_copy_that_cannot_be_fetched_now_is_said_to_be_safe(
    visit: Client, owner: User, now: datetime, settings: Settings
) -> None:
    kept = scenes.ended(make_event(owner, at=now), at=now).archives.get()
    settings.COPIES_BUCKET = {"name": "nobodys", "endpoint": "http://127.0.0.1:9", "key_id": "x", "key": "x"}
    page = visit.get(f"/services/{kept.deployment.key}/copies/{kept.pk}", follow=True)
    assert "Your copy is safe" in page.content.decode()
