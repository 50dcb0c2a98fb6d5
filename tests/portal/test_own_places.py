"""A place of one's own: keys that nobody reads again, a check by the worker, a cap, and going only when nothing is left."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from portal.models import User
from portal.people import leaving, own_options, own_places
from provisioning import prices
from provisioning.driver import Form, Option, Seen
from provisioning.fabrics import memory
from provisioning.fabrics.memory import place as memory_place
from provisioning.fabrics.memory.place import Ghost, forget_places
from provisioning.models import Deployment, Fabric, Machine
from provisioning.phases import Phase
from provisioning.reconciler import world
from provisioning.slots import spec_of
from tests.makers import launch, make_event, make_fabric, make_person
from tests.portal import scenes
from tests.portal.scenes import change
from tests.simulation import Simulation

OPTIONS = (Option("place", "Region", needed=True), Option("key", "Access key", Form.SECRET))
GIVEN = {"name": "Mine", "option-place": "mine", "option-key": "s3cret-key"}
CLOUD = {
    "region": "eu-central-1", "image": "ami-0123", "portal_addresses": ["192.0.2.7/32"], "key_id": "AKIAHOUSE",
    "types": [{"type": "t3.small", "memory_mib": 2048, "cpu": 2, "price_per_hour": "0.0240"}],
    "enrol_url": "https://fair.example", "queue": "https://sqs.example/1/house", "price_per_day": "9 EUR",
}  # fmt: skip
OWN_CLOUD = {"name": "My cloud", "option-region": "eu-north-1", "option-image": "ami-0999"}
KEYS = {"option-key_id": "AKIAMINE", "option-key": "hidden-away"}


@pytest.fixture(autouse=True)
def a_cloud(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """The memory kind as if it were a cloud, of which the house has a place."""
    monkeypatch.setattr(memory, "OPTIONS", OPTIONS, raising=False)
    own = {"OWN_OPTIONS": OPTIONS, "SHARED_OPTIONS": (), "OWN_WORD": "", "own_problems": lambda options: []}
    for name, value in own.items():
        monkeypatch.setattr(memory, name, value, raising=False)
    monkeypatch.setattr(memory, "least_policy", lambda options: f"allow what is needed in {options}", raising=False)
    monkeypatch.setattr(memory, "prices_per_hour", lambda options, size: [Decimal("0.01")], raising=False)
    make_fabric()
    forget_places()
    world._driver.cache_clear()


@pytest.fixture
def cloud() -> Fabric:
    """A place of the house in a cloud, with keys of its own."""
    return Fabric.objects.create(name="The cloud", kind="ec2", options=CLOUD, secrets={"key": "of-the-house"})


def added(visit: Client) -> Fabric:
    visit.post("/me/places/new?kind=memory", GIVEN)
    return Fabric.objects.get(owner__isnull=False)


def read(visit: Client, path: str) -> str:
    return " ".join(visit.get(path).content.decode().split())


def test_the_least_policy_stands_beside_the_questions(visit: Client) -> None:
    assert "Add an account (memory)" in read(visit, "/me/places")
    page = read(visit, "/me/places/new?kind=memory")
    assert "allow what is needed" in page
    assert 'name="option-key"' in page


def test_keys_are_sealed_and_never_shown_again(visit: Client) -> None:
    place = added(visit)
    assert (place.secrets, place.options["place"]) == ({"key": "s3cret-key"}, "mine")
    assert "s3cret-key" not in read(visit, f"/me/places/{place.pk}")
    visit.post(f"/me/places/{place.pk}", GIVEN | {"option-key": ""})
    assert Fabric.objects.get(pk=place.pk).secrets == {"key": "s3cret-key"}
    visit.post(f"/me/places/{place.pk}", GIVEN | {"option-key": "newer"})
    assert Fabric.objects.get(pk=place.pk).secrets == {"key": "newer"}


def test_keys_of_another_account_are_not_taken_while_machines_are_in_this_one(visit: Client) -> None:
    place, trial = added(visit), Machine.objects.get()
    Machine.objects.update(asked_at=trial.created_at)
    memory_place("mine").machines[trial.key] = Ghost(spec_of(trial), settings.PORTAL_ID, Seen.RUNNING)
    page = visit.post(f"/me/places/{place.pk}", GIVEN | {"option-place": "elsewhere"}).content.decode()
    assert "would not be found any more" in page
    assert Fabric.objects.get(pk=place.pk).options["place"] == "mine"


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
    place, small = added(visit), Simulation(tmp_path)
    assert 'data-busy="yes"' in read(visit, f"/me/places/{place.pk}/live")
    small.at = Machine.objects.get().created_at
    small.run_until(lambda: Machine.objects.get().phase == Phase.GONE)
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


def test_what_is_left_there_is_listed_before_it_goes(visit: Client) -> None:
    place, trial = added(visit), Machine.objects.get()
    Machine.objects.update(phase=Phase.GONE, wanted="gone", due_at=None)
    memory_place("mine").machines[trial.key] = Ghost(spec_of(trial), settings.PORTAL_ID, Seen.RUNNING)
    assert trial.key in read(visit, f"/me/places/{place.pk}/remove")
    visit.post(f"/me/places/{place.pk}/remove")
    assert own_places.of(place.owner)  # type: ignore[arg-type]
    visit.post(f"/me/places/{place.pk}/remove", {"stays": "yes"})
    assert not own_places.of(place.owner)  # type: ignore[arg-type]


def test_a_cloud_account_has_of_the_house_what_only_the_house_knows(visit: Client, cloud: Fabric, owner: User) -> None:
    visit.post("/me/places/new?kind=ec2", OWN_CLOUD | KEYS | {"option-portal_addresses": "198.51.100.1/32"})
    own = Fabric.objects.get(owner=owner)
    shared = {name: own.options[name] for name in ("portal_addresses", "enrol_url", "types")}
    assert shared == {name: CLOUD[name] for name in shared}
    assert (own.options["region"], own.options["key_id"]) == ("eu-north-1", "AKIAMINE")
    assert not {"queue", "price_per_day"} & set(own.options)
    assert own.secrets == {"key": "hidden-away", "external_id": own_options.own_word(owner)}


def test_what_the_house_changes_later_is_so_at_everybodys_own(visit: Client, cloud: Fabric, owner: User) -> None:
    visit.post("/me/places/new?kind=ec2", OWN_CLOUD | KEYS)
    Fabric.objects.filter(pk=cloud.pk).update(options=CLOUD | {"enrol_url": "https://fair.example:8443"})
    own_options.follow("ec2")
    assert Fabric.objects.get(owner=owner).options["enrol_url"] == "https://fair.example:8443"
    assert Fabric.objects.get(owner=owner).options["region"] == "eu-north-1"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Please give an access key of your account"),
        ({"option-key_id": "AKIAMINE"}, "the key itself"),
        ({"option-role": "arn:aws:iam::123456789012:role/admin"}, "begins with fairground"),
    ],
)
def test_nobody_gets_into_the_account_of_the_house(visit: Client, cloud: Fabric, given: Any, told: str) -> None:
    page = visit.post("/me/places/new?kind=ec2", OWN_CLOUD | given).content.decode()
    assert told in page
    assert "AKIAHOUSE" not in page
    assert not Fabric.objects.filter(owner__isnull=False).exists()


def test_a_role_is_taken_on_with_a_word_that_is_its_owners_alone(visit: Client, cloud: Fabric, owner: User) -> None:
    word = own_options.own_word(owner)
    assert word in read(visit, "/me/places/new?kind=ec2")
    assert word != own_options.own_word(make_person("bob"))
    visit.post("/me/places/new?kind=ec2", OWN_CLOUD | {"option-role": "arn:aws:iam::123456789012:role/fairground"})
    assert Fabric.objects.get(owner=owner).secrets == {"external_id": word}


def test_a_check_under_way_does_not_hinder_a_launch_under_a_cap(visit: Client, now: datetime) -> None:
    place = added(visit)
    Machine.objects.update(asked_at=now, price_per_hour=Decimal("0.01"))
    Fabric.objects.filter(pk=place.pk).update(monthly_cap=20)
    place.refresh_from_db()
    assert not prices.goes_beyond(place, Decimal("0.01"), now + timedelta(hours=1), now)


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
