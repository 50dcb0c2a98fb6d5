"""A place of one's own: keys that nobody reads again, a check by the worker, a cap, and going only when nothing is left."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from portal.models import User
from portal.people import leaving, own_places
from provisioning.driver import Form, Option
from provisioning.fabrics import memory
from provisioning.models import Deployment, Fabric, Machine, Stray
from provisioning.phases import Phase
from tests.makers import launch, make_event, make_fabric
from tests.portal import scenes
from tests.portal.scenes import change
from tests.simulation import Simulation

OPTIONS = (Option("place", "Region", needed=True), Option("key", "Access key", Form.SECRET))
GIVEN = {"name": "Mine", "o_place": "mine", "o_key": "s3cret-key"}


@pytest.fixture(autouse=True)
def a_cloud(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """The memory kind as if it were a cloud, of which the house has a place."""
    monkeypatch.setattr(memory, "OPTIONS", OPTIONS, raising=False)
    monkeypatch.setattr(memory, "OWN_OPTIONS", ("place", "key"), raising=False)
    monkeypatch.setattr(memory, "least_policy", lambda options: f"allow what is needed in {options}", raising=False)
    monkeypatch.setattr(memory, "price_per_hour", lambda options, size: Decimal("0.01"), raising=False)
    make_fabric()


def added(visit: Client) -> Fabric:
    visit.post("/me/places/new?kind=memory", GIVEN)
    return Fabric.objects.get(owner__isnull=False)


def read(visit: Client, path: str) -> str:
    return " ".join(visit.get(path).content.decode().split())


def test_the_least_policy_stands_beside_the_questions(visit: Client) -> None:
    assert "Add an account (memory)" in read(visit, "/me/places")
    page = read(visit, "/me/places/new?kind=memory")
    assert "allow what is needed" in page
    assert 'type="password"' in page


def test_keys_are_sealed_and_never_shown_again(visit: Client) -> None:
    place = added(visit)
    assert (place.secrets, place.options["place"]) == ({"key": "s3cret-key"}, "mine")
    assert "s3cret-key" not in read(visit, f"/me/places/{place.pk}")
    visit.post(f"/me/places/{place.pk}", {"o_key": ""})
    assert Fabric.objects.get(pk=place.pk).secrets == {"key": "s3cret-key"}
    visit.post(f"/me/places/{place.pk}", {"o_key": "newer", "o_place": "elsewhere"})
    place.refresh_from_db()
    assert (place.secrets, place.options["place"]) == ({"key": "newer"}, "mine")


@pytest.mark.parametrize("path", ["", "/live", "/check", "/cap", "/remove"])
def test_nobody_else_sees_it_the_counter_included(
    client: Client, visit: Client, staff: User, stranger: User, path: str
) -> None:
    place = added(visit)
    for other in (staff, stranger):
        client.force_login(other)
        ask = client.get if path in ("", "/live") else client.post
        assert ask(f"/me/places/{place.pk}{path}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_check_is_made_by_the_worker_and_told_with_its_price(visit: Client, tmp_path: Path) -> None:
    place, world = added(visit), Simulation(tmp_path)
    assert 'data-busy="yes"' in read(visit, f"/me/places/{place.pk}/live")
    world.at = Machine.objects.get().created_at
    world.run_until(lambda: Machine.objects.get().phase == Phase.GONE)
    page = read(visit, f"/me/places/{place.pk}/live")
    assert "This account works" in page
    assert "data-busy" not in page


def test_two_presses_are_one_check(visit: Client) -> None:
    place = added(visit)
    visit.post(f"/me/places/{place.pk}/check")
    assert Machine.objects.filter(fabric=place).count() == 1


def test_a_cap_is_set_and_what_was_spent_stands_beside_it(visit: Client, now: datetime) -> None:
    place = added(visit)
    Machine.objects.update(asked_at=now - timedelta(seconds=1), price_per_hour=Decimal(3600))
    visit.post(f"/me/places/{place.pk}/cap", {"monthly_cap": "20"})
    assert "of 20.00 USD" in read(visit, f"/me/places/{place.pk}")


def test_it_goes_only_when_nothing_of_ours_is_there(visit: Client) -> None:
    place = added(visit)
    visit.post(f"/me/places/{place.pk}/remove")
    assert Fabric.standing().filter(pk=place.pk).exists()
    Machine.objects.update(phase=Phase.GONE, wanted="gone", due_at=None)
    visit.post(f"/me/places/{place.pk}/remove")
    place.refresh_from_db()
    assert (place.secrets, place.taken_away_at is not None) == ({}, True)
    assert visit.get(f"/me/places/{place.pk}").status_code == 404


def test_what_is_left_and_unknown_is_listed_before_it_goes(visit: Client, now: datetime) -> None:
    place = added(visit)
    Machine.objects.update(phase=Phase.GONE, wanted="gone", due_at=None)
    Stray.objects.create(fabric=place, key="e" * 32, first_seen_at=now)
    visit.post(f"/me/places/{place.pk}/remove")
    assert "eeeeeeeeeeee" in read(visit, f"/me/places/{place.pk}")
    visit.post(f"/me/places/{place.pk}/remove", {"leave": "yes"})
    assert not own_places.of(place.owner)  # type: ignore[arg-type]


def test_who_leaves_for_good_leaves_no_machine_in_their_account(visit: Client, owner: User, now: datetime) -> None:
    place = added(visit)
    Machine.objects.all().delete()
    theirs = scenes.ready(make_event(at=now), at=now)
    change(theirs.machines.get(), fabric=place)
    leaving.leave(owner, at=now)
    assert Deployment.objects.get(pk=theirs.pk).wanted == "gone"
    assert not leaving.forget(owner, now)
    change(theirs.machines.get(), phase=Phase.GONE, wanted="gone", due_at=None)
    assert leaving.forget(owner, now)
    assert Fabric.objects.get(pk=place.pk).secrets == {}


def test_a_wrong_name_is_told_and_nothing_is_made(visit: Client, owner: User) -> None:
    added(visit)
    page = visit.post("/me/places/new?kind=memory", GIVEN).content.decode()
    assert "You have a place of this name." in page
    assert visit.get("/me/places/new?kind=container").status_code == 404
    assert launch(make_event(owner)).place is None
