"""After a restored database: it looks, ends and destroys nothing, tells what differs; lifting it settles that."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command

from provisioning.driver import Seen
from provisioning.models import Admission, Deployment, Fabric
from provisioning.phases import Phase, Wanted
from provisioning.reconciler import Heads, count_heads
from provisioning.reconciler.start import look_at_what_was_restored
from tests.reconciler.test_keep import DAY, HOUR, stranger
from tests.simulation import Simulation, key_of, phase_of, ready

pytestmark = pytest.mark.thorough


def heads(world: Simulation) -> Heads:
    return count_heads(Fabric.objects.get(), world.at, world.world)


def quarantine() -> None:
    Admission.objects.update_or_create(pk=1, defaults={"quarantined": True})


def test_a_machine_launched_after_the_backup_is_told_and_goes_only_when_the_quarantine_is_lifted(
    world: Simulation,
) -> None:
    kept = ready(world)
    stranger(world, "f" * 32, settings.PORTAL_ID)
    quarantine()
    world.run_for(timedelta(minutes=30))
    assert heads(world).strays == {"f" * 32}
    assert set(world.place.machines) == {key_of(kept), "f" * 32}
    call_command("lift_quarantine")
    world.run_for(timedelta(minutes=12))
    assert set(world.place.machines) == {key_of(kept)}
    assert heads(world).agree


def test_a_row_whose_machine_is_not_there_is_a_ghost(world: Simulation) -> None:
    lost = key_of(ready(world))
    quarantine()
    del world.place.machines[lost]
    assert heads(world).ghosts == {lost}


def test_in_quarantine_nothing_ends_by_itself(world: Simulation) -> None:
    deployment = ready(world)
    quarantine()
    world.sleep_until(deployment.expires_at + DAY)
    world.run_for(timedelta(minutes=5))
    assert Deployment.objects.get().wanted == Wanted.UP
    Admission.objects.update(quarantined=False)
    world.until_phase(deployment, Phase.GONE)


def test_what_was_on_its_way_out_when_the_backup_was_made_keeps_its_machine(world: Simulation) -> None:
    deployment = ready(world)
    quarantine()
    deployment.retire(by=None, at=world.at)
    world.skim(HOUR)
    assert phase_of(deployment) == Phase.READY
    assert set(world.place.machines) == {key_of(deployment)}
    Admission.objects.update(quarantined=False)
    world.until_phase(deployment, Phase.GONE)


def test_machines_that_were_stopped_since_the_backup_are_started_at_once(world: Simulation) -> None:
    deployment = ready(world)
    world.place.kill(key_of(deployment))
    assert look_at_what_was_restored(world.at) == 0
    quarantine()
    assert look_at_what_was_restored(world.at) == 2
    world.run_for(timedelta(seconds=30))
    assert world.place.machines[key_of(deployment)].seen == Seen.RUNNING
