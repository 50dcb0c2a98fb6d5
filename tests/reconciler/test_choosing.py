"""Where a launch goes: who may use a place, what it costs, how full it is, and what was wished."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from provisioning.driver import Size
from provisioning.fabrics import memory
from provisioning.models import Deployment, Fabric, Machine
from provisioning.phases import Phase
from provisioning.prices import day_told, of_month, per_day_told, spent
from tests.makers import NOON, launch, make_event, make_fabric, make_person, make_release
from tests.simulation import Simulation, phase_of

pytestmark = pytest.mark.thorough

PAID = {"price_per_day": "24 EUR"}


def another(name: str = "cloud", **columns: Any) -> Fabric:
    """A second place; a kind of its own world."""
    make_fabric()
    options = {"place": name, "first_port": 30000, "subnets": "10.214.0.0/16"} | columns.pop("options", {})
    return Fabric.objects.create(name=name, kind="memory", options=options, **columns)


def place_of(deployment: Deployment) -> str:
    return Machine.objects.select_related("fabric").get(deployment=deployment).fabric.name


def waits_for(world: Simulation, deployment: Deployment) -> str:
    world.run_for(timedelta(seconds=10))
    assert phase_of(deployment) == Phase.WAITING
    return Deployment.objects.get(pk=deployment.pk).waits_for


def test_of_two_places_that_cost_nothing_the_emptier_one_is_taken(world: Simulation) -> None:
    another(most_machines=1000)
    one, two = launch(), launch()
    world.until_phase(two, Phase.READY)
    assert {place_of(one), place_of(two)} == {"memory", "cloud"}


def test_what_was_shown_to_cost_nothing_never_goes_where_it_costs(world: Simulation) -> None:
    another(options=PAID)
    deployment = launch()
    Fabric.objects.filter(name="memory").update(most_machines=0)
    assert waits_for(world, deployment) == "no-room"


def test_the_cheapest_with_room_is_taken(world: Simulation) -> None:
    another("dear", options={"price_per_day": "48 EUR"})
    another("cheap", options=PAID)
    Fabric.objects.filter(name="memory").update(most_machines=0)
    deployment = launch(dearest=Decimal(2))
    world.until_phase(deployment, Phase.BUILDING)
    assert place_of(deployment) == "cheap"
    assert Machine.objects.get().price_per_hour == 1


def test_a_place_that_was_chosen_is_waited_for_until_another_is_chosen(world: Simulation) -> None:
    full = another(most_machines=0)
    deployment = launch(place=full)
    assert waits_for(world, deployment) == "no-room-there"
    assert deployment.go_to(make_fabric(), by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    assert place_of(deployment) == "memory"
    assert not deployment.go_to(full, by=None, at=world.at)


def test_a_machine_that_its_place_never_made_makes_way_for_one_elsewhere(world: Simulation) -> None:
    deployment = launch(place=make_fabric())
    cloud = another()
    world.place.no_room = 10**6
    world.run_until(lambda: Machine.objects.filter(problem="place-is-full").exists())
    assert deployment.go_to(cloud, by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    up = Machine.objects.get(wanted="up")
    assert up.fabric == cloud


@pytest.mark.parametrize("is_in", [True, False])
def test_a_place_for_groups_lets_in_only_those(world: Simulation, is_in: bool) -> None:
    group = Group.objects.create(name="staff")
    make_fabric().groups.add(group)
    event = make_event(make_person())
    event.owner.groups.set([group] if is_in else [])
    deployment = launch(event)
    if is_in:
        world.until_phase(deployment, Phase.READY)
    else:
        assert waits_for(world, deployment) == "no-place"


def test_an_event_keeps_to_its_places(world: Simulation) -> None:
    event, cloud = make_event(), another()
    assert event.keep_to([cloud], by=event.owner, at=NOON)
    assert not event.keep_to([cloud], by=event.owner, at=NOON)
    deployment = launch(event)
    world.until_phase(deployment, Phase.READY)
    assert place_of(deployment) == "cloud"


def test_somebodys_own_place_takes_nothing_of_anybody_else(world: Simulation) -> None:
    own = another(owner=make_person("bob"))
    deployment = launch(place=own)
    assert waits_for(world, deployment) == "no-place"


def test_ones_own_place_is_taken_only_where_one_chose_it(world: Simulation) -> None:
    event = make_event()
    own = another(owner=event.owner)
    by_choice, by_chance = launch(event, place=own), launch(event)
    Fabric.objects.filter(name="memory").update(most_machines=0)
    world.until_phase(by_choice, Phase.READY)
    assert place_of(by_choice) == "cloud"
    assert waits_for(world, by_chance) == "no-room"


def test_what_was_spent_is_counted_by_the_second_until_the_machine_is_gone(world: Simulation) -> None:
    cloud = another(options=PAID)
    deployment = launch(place=cloud)
    world.until_phase(deployment, Phase.READY)
    world.sleep_until(NOON + timedelta(hours=3))
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    later = world.at + timedelta(days=2)
    assert spent(of_month(cloud, later), later) == pytest.approx(Decimal(3), abs=Decimal("0.01"))
    assert not of_month(cloud, later + timedelta(days=60))


@pytest.mark.parametrize(("is_chosen", "turn", "paid"), [(True, 1, 2), (False, 2, 1)])
def test_what_is_paid_is_what_the_machine_costs_that_was_made_and_never_more_than_was_shown(
    world: Simulation, monkeypatch: pytest.MonkeyPatch, is_chosen: bool, turn: int, paid: int
) -> None:
    turns = [Decimal(1), Decimal(2), Decimal(1)]
    monkeypatch.setattr(memory, "prices_per_hour", lambda options, size: turns, raising=False)
    world.place.full_turns = {0}
    deployment = launch(place=make_fabric() if is_chosen else None, dearest=Decimal(1))
    world.until_phase(deployment, Phase.READY)
    made = Machine.objects.get(phase=Phase.READY)
    assert (made.spec["turn"], made.price_per_hour) == (turn, Decimal(paid))
    assert day_told(made) == f"{24 * paid}.00 USD"


def test_a_price_that_may_rise_is_shown_with_how_far(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = [Decimal("0.02"), Decimal("0.1")]
    monkeypatch.setattr(memory, "prices_per_hour", lambda options, size: turns, raising=False)
    assert per_day_told(make_fabric(), Size(1, 1, 1)) == "0.48\N{EN DASH}2.40 USD"


@pytest.mark.parametrize(("cap", "phase"), [(100, Phase.WAITING), (200, Phase.READY)])
def test_a_launch_that_would_go_beyond_the_cap_of_the_month_waits(world: Simulation, cap: int, phase: Phase) -> None:
    event = make_event(days=7)  # 168 hours
    own = another(owner=event.owner, options=PAID, monthly_cap=cap)
    deployment = launch(event, place=own)
    if phase == Phase.WAITING:
        assert waits_for(world, deployment) == "the-cap-is-reached"
    else:
        world.until_phase(deployment, phase)
        second = launch(event, place=own)
        assert waits_for(world, second) == "the-cap-is-reached"


def test_an_app_runs_only_where_it_says(world: Simulation) -> None:
    deployment = launch(release=make_release(top='[requires]\nfabrics = ["container"]\n'))
    assert waits_for(world, deployment) == "no-place"
