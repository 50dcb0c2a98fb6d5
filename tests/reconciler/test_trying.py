"""A place is tried: the smallest machine is made, reached and taken away; nothing is left, whatever happens on the way."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.models import Entry, Machine
from provisioning.phases import Happened, Phase
from provisioning.reconciler import keep
from provisioning.trying import last_trial, try_place
from tests.faults.lines import Killed, Tracer, bury
from tests.makers import launch, make_fabric
from tests.simulation import Simulation

pytestmark = pytest.mark.thorough


def is_over() -> bool:
    return not Machine.objects.exclude(phase=Phase.GONE).exists()


def tried(world: Simulation) -> Machine:
    assert try_place(make_fabric(), at=world.at)
    world.run_until(is_over)
    trial = last_trial(make_fabric())
    assert trial
    return trial


def test_a_trial_makes_one_machine_reaches_it_and_takes_it_away(world: Simulation) -> None:
    trial = tried(world)
    steps = Entry.objects.filter(machine=trial, happened=Happened.STEP).order_by("pk")
    assert [entry.told["step"] for entry in steps][:2] == ["allocate", "reach"]
    assert (trial.ready_at is not None, len(world.place.made), world.place.machines) == (True, 1, {})
    assert not trial.login_key


def test_two_presses_are_one_trial_and_a_later_one_is_another(world: Simulation) -> None:
    assert try_place(make_fabric(), at=world.at)
    assert not try_place(make_fabric(), at=world.at)
    world.run_until(is_over)
    tried(world)
    assert len(world.place.made) == 2


def test_a_place_without_a_free_number_is_not_tried(world: Simulation) -> None:
    place = make_fabric(options={"slots": 1})
    world.until_phase(launch(), Phase.READY)
    assert not try_place(place, at=world.at)


def test_a_trial_that_finds_no_room_ends_by_itself_and_says_why(world: Simulation) -> None:
    world.place.no_room = 10**6
    trial = tried(world)
    told = Entry.objects.filter(machine=trial, happened=Happened.PROBLEM).values_list("told", flat=True)
    assert {one["code"] for one in told} == {"place-is-full"}
    assert (trial.ready_at, world.place.machines) == (None, {})


def test_the_head_count_knows_a_machine_that_is_on_trial(world: Simulation) -> None:
    try_place(make_fabric(), at=world.at)
    world.run_until(lambda: bool(world.place.machines))
    keep(world.at, world.world)
    world.sleep_until(world.at + timedelta(minutes=11))
    keep(world.at, world.world)
    assert not make_fabric().strays.exists()


@pytest.mark.parametrize("deadly", range(1, 900, 97))
def test_a_worker_killed_in_a_trial_leaves_nothing(tmp_path: Path, transactional_db: None, deadly: int) -> None:
    world: Any = Simulation(tmp_path)
    try_place(make_fabric(), at=world.at)
    try:
        Tracer(deadly).trace(lambda: world.run_until(is_over))
    except Killed:
        bury()
        world.at += timedelta(seconds=61)
        world.run_until(is_over)
    assert (len(world.place.made), world.place.machines) == (1, {})
