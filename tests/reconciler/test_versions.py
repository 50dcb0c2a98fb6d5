"""A service that did not start is set up in another version: at its address, on a new machine, from the beginning."""

from datetime import timedelta

import pytest

from provisioning.models import Deployment, Machine
from provisioning.phases import Phase, Settled
from tests.faults import zeros
from tests.makers import launch, make_newer
from tests.simulation import Simulation, ready


def failed(world: Simulation) -> Deployment:
    """Given up at its installer."""
    world.place.failing_jobs["install"] = 1
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    world.place.failing_jobs.clear()
    return Deployment.objects.get()


def test_another_version_begins_on_a_new_machine_and_the_half_made_one_goes(world: Simulation) -> None:
    deployment = failed(world)
    newer, name = make_newer(deployment.release), deployment.name
    assert deployment.take_version(newer, {"a": "b"}, by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    old, new = Machine.objects.order_by("pk")
    world.run_until(lambda: Machine.objects.get(pk=old.pk).phase == Phase.GONE)
    assert (old.settled, new.release, new.deployment.name) == (Settled.NEVER_LOADED, newer, name)
    assert new.deployment.values == {"a": "b"}
    zeros.check(world)


def test_a_machine_that_is_whole_but_whose_page_never_answered_goes_as_well(world: Simulation) -> None:
    world.prober.misses = 10**6
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    world.prober.misses = 0
    assert Machine.objects.get().phase == Phase.READY
    newer = make_newer(deployment.release)
    assert Deployment.objects.get().take_version(newer, {}, by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    assert Machine.objects.latest("pk").release == newer
    zeros.check(world)


def test_a_day_later_when_its_machine_is_gone_another_version_can_still_be_taken(world: Simulation) -> None:
    deployment = failed(world)
    world.sleep_until(world.at + timedelta(hours=24, minutes=1))
    world.run_until(lambda: Machine.objects.get().phase == Phase.GONE)
    assert deployment.take_version(make_newer(deployment.release), {}, by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    zeros.check(world)


def test_of_two_presses_one_counts(world: Simulation) -> None:
    deployment = failed(world)
    first, second = make_newer(deployment.release), make_newer(deployment.release)
    presses = [deployment.take_version(one, {}, by=None, at=world.at) for one in (first, second)]
    assert [*presses, deployment.retry(by=None, at=world.at)] == [True, False, False]
    assert Deployment.objects.get().release == first


@pytest.mark.parametrize("phase", ["ready", "failed"])
def test_what_was_ever_open_keeps_its_version_and_its_machine(world: Simulation, phase: str) -> None:
    deployment = ready(world)
    if phase == "failed":
        Deployment.objects.update(phase=Phase.FAILED, failed_attempt=1)
    assert not deployment.take_version(make_newer(deployment.release), {}, by=None, at=world.at)
    assert Deployment.objects.get().release == deployment.release
    assert Machine.objects.get().wanted == "up"
