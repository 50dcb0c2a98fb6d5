"""A service goes to another place with all that is in it, and stays where it is whenever that cannot be."""

from datetime import timedelta

import pytest

from provisioning.fabrics.memory import place as memory_place
from provisioning.models import Archive, Deployment, Entry, Fabric, Machine
from provisioning.phases import Happened, Phase, Settled, Wanted
from tests.faults import zeros
from tests.reconciler.test_choosing import another
from tests.simulation import Simulation, phases_of, ready

pytestmark = pytest.mark.thorough


@pytest.fixture
def running(world: Simulation) -> Deployment:
    """A service at a place that takes nothing new; there is another."""
    deployment = ready(world)
    another()
    Fabric.objects.filter(name="memory").update(is_open=False)
    assert deployment.move_away(by=None, at=world.at)
    return deployment


def is_at(deployment: Deployment) -> str:
    machine = deployment.machine()
    assert machine
    return machine.fabric.name


def has_moved(deployment: Deployment) -> bool:
    now = Deployment.objects.get(pk=deployment.pk)
    alone = Machine.objects.filter(deployment=deployment).exclude(phase=Phase.GONE).count() == 1
    return (now.phase, now.move_asked_at, is_at(deployment)) == (Phase.READY, None, "cloud") and alone


def told_of(deployment: Deployment) -> list[tuple[str, str, str]]:
    """What its history tells of its moves: what became of each, from where, to where."""
    moves = Entry.objects.filter(deployment=deployment, happened=Happened.MOVE).order_by("at", "pk")
    return [(entry.told["did"], entry.told["origin"], entry.told["target"]) for entry in moves]


def end(world: Simulation, deployment: Deployment) -> None:
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    zeros.check(world)


def test_it_goes_over_with_its_copy_and_its_address(world: Simulation, running: Deployment) -> None:
    world.run_until(lambda: has_moved(running))
    old, new = Machine.objects.order_by("pk")
    assert (old.settled, old.phase, new.phase) == (Settled.ARCHIVED, Phase.GONE, Phase.READY)
    ghost = memory_place("cloud").machines[new.key]
    assert any(job.startswith("restore") for job in ghost.started)
    assert Deployment.objects.get().restored_from == Archive.objects.get(machine=old)
    assert phases_of(running) == ["building", "ready", "building", "ready"]
    begun = Entry.objects.get(deployment=running, told__has_key="moves")
    assert begun.told["moves"] == {"origin": "memory", "target": "cloud"}
    assert told_of(running) == [("moved", "memory", "cloud")]
    end(world, running)


def test_nobody_is_kept_out_before_the_next_machine_lacks_nothing_but_its_data(
    world: Simulation, running: Deployment
) -> None:
    memory_place("cloud").boot_looks = 20
    world.run_until(lambda: Machine.objects.filter(stand="next").exists())
    assert Deployment.objects.get().phase == Phase.READY
    assert world.front_door.routes
    world.run_until(lambda: has_moved(running))


def test_where_no_other_place_has_room_it_runs_on_where_it_is(world: Simulation, running: Deployment) -> None:
    Fabric.objects.filter(name="cloud").update(most_machines=0)
    world.run_for(timedelta(minutes=5))
    waits = Deployment.objects.get()
    assert (waits.phase, waits.waits_for, is_at(running)) == (Phase.READY, "no-room-elsewhere", "memory")
    Fabric.objects.filter(name="cloud").update(most_machines=5)
    world.run_until(lambda: has_moved(running))
    end(world, running)


def test_it_never_goes_where_it_costs_more(world: Simulation, running: Deployment) -> None:
    Fabric.objects.filter(name="cloud").update(options={"place": "cloud", "price_per_day": "1 EUR"})
    world.run_for(timedelta(minutes=5))
    assert is_at(running) == "memory"


@pytest.mark.parametrize("job", ["install", "restore", "configure"])
def test_where_the_next_machine_fails_it_is_opened_again_where_it_was(
    world: Simulation, running: Deployment, job: str
) -> None:
    memory_place("cloud").failing_jobs[job] = 1
    world.run_until(lambda: bool(Deployment.objects.get().move_problem))
    world.run_until(lambda: Deployment.objects.get().phase == Phase.READY)
    world.run_until(lambda: Machine.objects.exclude(phase=Phase.GONE).count() == 1)
    assert (is_at(running), Machine.objects.get(wanted=Wanted.UP).settled) == ("memory", Settled.NOT_YET)
    assert world.front_door.routes
    assert told_of(running) == [("stayed", "memory", "cloud")]
    end(world, running)


def test_what_is_used_after_a_move_that_failed_is_in_the_copy_of_the_end(
    world: Simulation, running: Deployment
) -> None:
    memory_place("cloud").failing_jobs["restore"] = 1
    world.run_until(lambda: bool(Deployment.objects.get().move_problem))
    world.until_phase(running, Phase.READY)
    end(world, running)
    assert Archive.objects.filter(machine__fabric__name="memory", kind="end").count() == 2


def test_a_copy_that_cannot_be_made_keeps_it_where_it_is(world: Simulation, running: Deployment) -> None:
    world.place.failing_jobs["archive"] = 1
    world.run_until(lambda: bool(Deployment.objects.get().move_problem))
    world.until_phase(running, Phase.READY)
    assert is_at(running) == "memory"
    world.place.failing_jobs.clear()
    end(world, running)


def test_a_place_that_has_no_room_after_all_is_asked_again_later(world: Simulation, running: Deployment) -> None:
    memory_place("cloud").no_room = 10**6
    world.run_until(lambda: Machine.objects.filter(stand="next", tries__gt=0).exists())
    world.sleep_until(world.at + timedelta(hours=2))
    world.run_until(lambda: Deployment.objects.get().move_problem == "place-is-full")
    assert Deployment.objects.get().phase == Phase.READY
    memory_place("cloud").no_room = 0
    assert told_of(running) == [("stayed", "memory", "cloud")]
    world.run_until(lambda: has_moved(running))
    end(world, running)


def test_a_wish_to_end_overtakes_a_move_at_any_moment(world: Simulation, running: Deployment) -> None:
    memory_place("cloud").job_looks = 5
    world.run_until(lambda: Deployment.objects.get().moving_since is not None)
    end(world, running)


def test_a_stateless_one_moves_without_a_copy(world: Simulation) -> None:
    deployment = ready(world, stateless=True)
    another()
    deployment.move_away(by=None, at=world.at)
    world.run_until(lambda: has_moved(deployment))
    assert not Archive.objects.exists()
    assert told_of(deployment) == [("moved-anew", "memory", "cloud")]


def test_a_machine_that_dies_while_it_is_to_move_is_told_as_ever(world: Simulation, running: Deployment) -> None:
    memory_place("cloud").boot_looks = 50
    world.run_until(lambda: Machine.objects.filter(stand="next").exists())
    main = running.machine()
    assert main
    world.place.destroy(main.key)
    world.until_phase(running, Phase.FAILED)
    assert Deployment.objects.get().problem == "machine-died"
    end(world, running)
