"""No data goes without a copy: what is copied when, what is held, and who may give it up."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from provisioning.models import Archive, Deployment, Entry, Machine
from provisioning.phases import Happened, Phase, Settled
from provisioning.reconciler.book import DeploymentRows
from tests.faults import zeros
from tests.makers import launch
from tests.simulation import Simulation, key_of, ready

pytestmark = pytest.mark.thorough


def failed_after_use(world: Simulation) -> Deployment:
    """A service that people used, failed since on a second machine, and is about to give its room back."""
    deployment = ready(world)
    world.place.destroy(key_of(deployment))
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().retry(by=None, at=world.at)
    world.prober.misses = 10**6
    world.run_until(lambda: Deployment.objects.get().failed_attempt == 2)
    world.sleep_until(world.at + timedelta(hours=24))
    return deployment


class Died(BaseException):
    """A worker's death."""


def _dies(*_: object) -> None:
    raise Died


def on_hold(world: Simulation) -> Deployment:
    """A service that was asked to go, and whose copy cannot be made."""
    deployment = ready(world)
    world.place.failing_jobs["archive"] = 1
    deployment.retire(by=None, at=world.at)
    world.run_until(lambda: Machine.objects.get().hold_until is not None)
    return deployment


def test_a_machine_that_is_used_again_after_it_was_settled_is_copied_in_the_end(world: Simulation) -> None:
    world.prober.misses = 10**6
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    Machine.objects.update(settled=Settled.NEVER_LOADED)  # as a worker leaves it that dies while it gives the room back
    world.prober.misses = 0
    assert Deployment.objects.get().retry(by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert Machine.objects.get().settled == Settled.ARCHIVED
    zeros.check(world)


def its_worker_dies_after_the_copy(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeploymentRows, "let_go", _dies)
    with pytest.raises(Died):
        world.run_for(timedelta(minutes=5))
    monkeypatch.undo()


def is_tried_again_and_ended(world: Simulation, deployment: Deployment) -> None:
    assert Deployment.objects.get().retry(by=None, at=world.at)
    world.at += timedelta(seconds=61)
    world.prober.misses = 0
    world.until_phase(deployment, Phase.READY)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)


def test_a_copy_from_before_it_was_tried_again_is_not_taken_for_the_last_one(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = failed_after_use(world)
    its_worker_dies_after_the_copy(world, monkeypatch)
    is_tried_again_and_ended(world, deployment)
    assert Archive.objects.filter(verified_at__gte=world.at - timedelta(minutes=1)).count() == 1


def test_every_copy_is_told_although_its_worker_dies_right_after_it(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = failed_after_use(world)
    copies = Entry.objects.filter(happened=Happened.COPY, told__settled=Settled.ARCHIVED)
    its_worker_dies_after_the_copy(world, monkeypatch)
    assert copies.count() == 1
    is_tried_again_and_ended(world, deployment)
    assert copies.count() == 2


def test_a_hold_does_not_hinder_the_copy_once_it_is_asked_to_go(world: Simulation) -> None:
    world.place.failing_jobs["archive"] = 1
    deployment = failed_after_use(world)
    world.run_until(lambda: Machine.objects.exclude(hold_until=None).exists())
    world.place.failing_jobs.clear()
    assert deployment.retire(by=None, at=world.at)
    asked = world.at
    assert world.until_phase(deployment, Phase.GONE) - asked < timedelta(minutes=1)


def test_a_copy_that_cannot_be_made_puts_the_machine_on_hold_and_deletes_nothing(world: Simulation) -> None:
    on_hold(world)
    for _ in range(13):
        world.sleep_until(world.at + timedelta(hours=2))
        world.run_for(timedelta(seconds=10))
    assert Machine.objects.get().key in world.place.machines
    held = Entry.objects.filter(happened=Happened.COPY, told__settled="")
    assert held.count() == 2, "told once a day"


def test_a_hold_ends_when_the_copy_can_be_made(world: Simulation) -> None:
    deployment = on_hold(world)
    world.place.failing_jobs.clear()
    world.sleep_until(world.at + timedelta(hours=1))
    world.until_phase(deployment, Phase.GONE)
    assert Archive.objects.count() == 1
    zeros.check(world)


def test_an_admin_may_waive_a_copy_by_name(world: Simulation) -> None:
    deployment = on_hold(world)
    assert Machine.objects.get().waive(by=deployment.owner, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert Machine.objects.get().settled_by == deployment.owner


def test_a_machine_is_never_removed_unsettled_even_by_a_bug(world: Simulation) -> None:
    deployment = ready(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Machine.objects.filter(deployment=deployment).update(removal_asked_at=world.at)
