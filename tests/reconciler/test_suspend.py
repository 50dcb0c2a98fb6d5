"""Suspended: nobody comes in and nothing goes out, what is there stays, and only an answer opens it again."""

from datetime import timedelta

import pytest

from portal.models import User
from provisioning.models import Archive, Deployment, Entry, Machine
from provisioning.phases import Happened, Kind, Phase, Settled
from provisioning.reconciler.lease import Lease
from provisioning.reconciler.walk import reconcile
from tests.faults import zeros
from tests.makers import launch, make_person
from tests.simulation import Simulation, key_of, phase_of, phases_of, ready

pytestmark = pytest.mark.thorough

ADDRESS, NETWORK = timedelta(seconds=5), timedelta(seconds=60)


@pytest.fixture
def admin(transactional_db: None) -> User:
    """Somebody behind the counter."""
    return make_person("admin")


def suspend(world: Simulation, deployment: Deployment, admin: User) -> None:
    """Press Suspend, and turn until it is so."""
    assert deployment.suspend(by=admin, why="It asks for passwords.", at=world.at)
    world.run_until(lambda: told(deployment) == [True])


def told(deployment: Deployment) -> list[bool]:
    """What its Entries say about being shut, in order."""
    entries = Entry.objects.filter(deployment=deployment, happened=Happened.SUSPENSION).order_by("at", "pk")
    return [entry.told["shut"] for entry in entries]


def is_connected(world: Simulation, deployment: Deployment) -> bool:
    return world.place.machines[key_of(deployment)].on_network


def test_a_suspended_service_loses_its_address_and_its_machine_its_network(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    asked = world.at
    assert deployment.suspend(by=admin, why="It asks for passwords.", at=asked)
    assert world.run_until(lambda: not world.front_door.routes) - asked < ADDRESS
    assert world.run_until(lambda: not is_connected(world, deployment)) - asked < NETWORK
    world.run_until(lambda: told(deployment) == [True])
    assert phase_of(deployment) == Phase.READY


def test_a_look_that_is_under_way_is_overtaken(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    slow = Lease.claim(Deployment, deployment.pk, world.at)
    assert slow
    deployment.suspend(by=admin, why="", at=world.at)
    reconcile(Kind.DEPLOYMENT, deployment.pk, at=world.at, world=world.world)
    assert not world.front_door.routes


def test_it_keeps_everything_for_as_long_as_it_is_suspended(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    suspend(world, deployment, admin)
    world.skim(timedelta(hours=3))
    machine = Machine.objects.get()
    assert (machine.phase, machine.settled) == (Phase.READY, Settled.NOT_YET)
    assert not world.front_door.routes
    assert not is_connected(world, deployment)
    assert told(deployment) == [True]


def test_a_network_that_came_back_unasked_is_cut_again(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    suspend(world, deployment, admin)
    world.place.machines[key_of(deployment)].on_network = True
    back = world.at
    assert world.run_until(lambda: not is_connected(world, deployment)) - back < NETWORK


def test_it_is_suspended_until_it_has_answered_again(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    suspend(world, deployment, admin)
    world.prober.silent.add(deployment.host)
    assert deployment.lift(by=admin, at=world.at)
    world.run_for(timedelta(seconds=20))
    deployment.refresh_from_db()
    assert deployment.is_shut
    assert told(deployment) == [True]
    world.prober.silent.clear()
    world.run_until(lambda: told(deployment) == [True, False])
    deployment.refresh_from_db()
    assert (deployment.suspended_at, deployment.suspended_why, deployment.phase) == (None, "", Phase.READY)
    assert is_connected(world, deployment)


def test_what_people_wrote_is_still_there_afterwards(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    before = key_of(deployment)
    suspend(world, deployment, admin)
    deployment.lift(by=admin, at=world.at)
    world.run_until(lambda: told(deployment) == [True, False])
    assert key_of(deployment) == before
    assert world.place.made == [before]


def test_a_suspended_service_that_expires_ends_with_a_copy(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    suspend(world, deployment, admin)
    world.sleep_until(deployment.expires_at)
    world.until_phase(deployment, Phase.GONE)
    assert Machine.objects.get().settled == Settled.ARCHIVED
    assert Archive.objects.count() == 1
    assert not world.front_door.routes
    zeros.check(world)


def test_while_its_network_is_away_no_copy_is_tried(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    suspend(world, deployment, admin)
    ghost = world.place.machines[key_of(deployment)]
    deployment.retire(by=admin, at=world.at)
    world.run_until(lambda: any(job.startswith("archive") for job in ghost.started))
    assert ghost.on_network


def test_one_that_is_being_set_up_stands_still_and_goes_on_later(world: Simulation, admin: User) -> None:
    world.place.job_looks = 3
    deployment = launch()
    world.run_until(lambda: Machine.objects.filter(step="install").exists())
    suspend(world, deployment, admin)
    world.skim(timedelta(hours=3))
    assert phases_of(deployment) == ["building"]
    deployment.lift(by=admin, at=world.at)
    world.until_phase(deployment, Phase.READY)
    ghost = world.place.machines[key_of(deployment)]
    assert len(ghost.started) == len(set(ghost.started))


def test_one_that_waits_for_room_has_nothing_to_suspend(world: Simulation, admin: User) -> None:
    assert not launch().suspend(by=admin, why="", at=world.at)


def test_a_double_click_is_one_wish(world: Simulation, admin: User) -> None:
    deployment = ready(world)
    assert deployment.suspend(by=admin, why="", at=world.at)
    assert not deployment.suspend(by=admin, why="", at=world.at)
    assert deployment.lift(by=admin, at=world.at)
    assert not deployment.lift(by=admin, at=world.at)


@pytest.mark.parametrize("fault", ["away", "lost_replies"])
def test_a_place_in_trouble_only_delays_it(world: Simulation, admin: User, fault: str) -> None:
    deployment = ready(world)
    setattr(world.place, fault, 3)
    suspend(world, deployment, admin)
    assert not is_connected(world, deployment)
    assert not world.front_door.routes
