"""Every machine knows when to end by itself, should it hear nothing of its portal any more."""

from datetime import timedelta

import pytest
from django.conf import settings

from provisioning.driver import Capabilities
from provisioning.fabrics.memory import MemoryDriver
from provisioning.fabrics.memory.place import Ghost
from provisioning.models import Deployment, Event, Machine
from provisioning.models.reconciled import woken
from provisioning.phases import Kind, Phase, Settled
from provisioning.reconciler.walk import reconcile
from tests.makers import NOON, launch
from tests.simulation import Simulation, key_of, ready

pytestmark = pytest.mark.thorough

AFTER = settings.HOLD_FOR + timedelta(hours=48)


def ghost(world: Simulation, deployment: Deployment) -> Ghost:
    return world.place.machines[key_of(deployment)]


def test_a_machine_knows_its_end_from_the_moment_it_lets_us_in(world: Simulation) -> None:
    deployment = launch()
    world.run_until(lambda: any("reach" in machine.steps_done for machine in Machine.objects.all()))
    assert ghost(world, deployment).ends_at == (deployment.expires_at + AFTER).timestamp()
    assert Machine.objects.get().ends_itself_at == deployment.expires_at + AFTER


def test_its_end_moves_with_that_of_its_service(world: Simulation) -> None:
    deployment = ready(world)
    event = Event.objects.get()
    assert event.move(event.closes_at + timedelta(days=5), by=event.owner, at=world.at)
    world.run_for(timedelta(minutes=6))
    deployment.refresh_from_db()
    assert ghost(world, deployment).ends_at == (deployment.expires_at + AFTER).timestamp()


def test_it_is_told_once_and_not_at_every_look(world: Simulation) -> None:
    deployment = ready(world)
    world.skim(timedelta(hours=1))
    assert ghost(world, deployment).calls.count("end-itself") == 1


def test_a_machine_that_stays_beyond_its_end_is_told_once_a_day_that_we_are_there(world: Simulation) -> None:
    deployment = ready(world)
    Deployment.objects.update(expires_at=NOON - timedelta(days=40))
    ends, began = set(), world.at + timedelta(minutes=1)
    for day in range(3):
        for hour in range(3):
            world.at = began + timedelta(days=day, hours=hour)
            Machine.objects.update(**woken(world.at))
            reconcile(Kind.MACHINE, Machine.objects.get().pk, at=world.at, world=world.world)
            ends.add(ghost(world, deployment).ends_at)
    assert len(ends) == 3
    assert min(ends) > (NOON + timedelta(days=8)).timestamp()


def test_what_had_ended_by_itself_runs_again_when_the_portal_is_back(world: Simulation) -> None:
    deployment = ready(world)
    board = ghost(world, deployment)
    board.programs, board.has_ended = [], True
    event = Event.objects.get()
    event.move(event.closes_at + timedelta(days=5), by=event.owner, at=world.at)
    world.run_for(timedelta(minutes=6))
    assert board.programs == ["web"]
    assert not board.has_ended
    assert Deployment.objects.get().phase == Phase.READY


@pytest.mark.parametrize("may", [False, True])
def test_only_what_can_be_switched_on_again_switches_itself_off(
    world: Simulation, monkeypatch: pytest.MonkeyPatch, may: bool
) -> None:
    monkeypatch.setattr(MemoryDriver, "capabilities", Capabilities(may_switch_off=may))
    assert ghost(world, ready(world)).switches_off is may


def test_a_machine_that_has_switched_itself_off_is_started_again_for_its_copy(world: Simulation) -> None:
    deployment = ready(world)
    world.place.kill(key_of(deployment))
    world.sleep_until(deployment.expires_at + AFTER + timedelta(days=1))
    world.until_phase(deployment, Phase.GONE)
    assert Machine.objects.get().settled == Settled.ARCHIVED


def test_a_failed_machine_that_has_switched_itself_off_is_started_again_for_its_copy(world: Simulation) -> None:
    deployment = ready(world)
    Machine.objects.update(phase=Phase.FAILED, failed_attempt=1, problem="machine-misbehaves", blame="fabric")
    world.place.kill(key_of(deployment))
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert Machine.objects.get().settled == Settled.ARCHIVED
