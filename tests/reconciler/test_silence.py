"""A service that stops answering: it is told, and what its app brings for that is done once."""

from datetime import timedelta

import pytest

from provisioning.models import Deployment, Entry
from provisioning.phases import Happened, Phase
from tests.makers import KEEPS, launch, make_event, make_release
from tests.simulation import Simulation, key_of

pytestmark = pytest.mark.thorough

RESTARTS = f'{KEEPS}\n[health.live]\nrestart = "restart"'


def fallen_silent(world: Simulation, end: str = RESTARTS) -> Deployment:
    """A service that has not answered five times in a row."""
    deployment = launch(make_event(days=30), make_release(end=end))
    world.until_phase(deployment, Phase.READY)
    world.prober.misses = 10**6
    world.run_until(lambda: Deployment.objects.get().silent_since is not None)
    return deployment


def restarts(world: Simulation, deployment: Deployment) -> list[str]:
    """The restarts that were begun on its machine."""
    return [job for job in world.place.machines[key_of(deployment)].started if job.startswith("restart-")]


def told() -> list[dict[str, object]]:
    """What was told about its health."""
    return list(Entry.objects.filter(happened=Happened.HEALTH).order_by("at", "pk").values_list("told", flat=True))


def test_a_service_that_stays_silent_is_restarted_once_by_the_apps_own_program(world: Simulation) -> None:
    deployment = fallen_silent(world)
    world.skim(timedelta(hours=1))
    assert len(restarts(world, deployment)) == 1
    assert [entry for entry in told() if "restart" in entry] == [{"restart": 0}]


def test_each_silence_has_its_restart(world: Simulation) -> None:
    deployment = fallen_silent(world)
    for misses in (0, 10**6):
        world.prober.misses = misses
        world.run_for(timedelta(minutes=10))
    assert len(restarts(world, deployment)) == 2
    assert [entry.get("answers") for entry in told()] == [False, None, True, False, None]


def test_a_restart_that_fails_is_told_and_changes_no_phase(world: Simulation) -> None:
    world.place.failing_jobs["restart"] = 3
    fallen_silent(world)
    world.run_for(timedelta(minutes=10))
    assert [entry["restart"] for entry in told() if "restart" in entry] == [0, 3]
    assert Deployment.objects.get().phase == Phase.READY
    assert not Deployment.objects.get().problem


def test_an_app_that_brings_no_restart_is_left_as_it_is(world: Simulation) -> None:
    deployment = fallen_silent(world, KEEPS)
    world.run_for(timedelta(minutes=10))
    assert not restarts(world, deployment)


def test_a_silent_service_whose_machine_cannot_be_asked_goes_on_being_looked_at(world: Simulation) -> None:
    deployment = fallen_silent(world)
    world.place.kill(key_of(deployment))
    world.prober.misses = 0
    world.run_for(timedelta(minutes=10))
    assert Deployment.objects.get().silent_since is None
