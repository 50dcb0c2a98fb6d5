"""The way out: nobody comes in any more, what people made is safe, and only then does anything go."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from provisioning.models import Archive, Deployment, Entry, Machine
from provisioning.models.reconciled import new_key
from provisioning.phases import Happened, Phase, Settled, Wanted
from provisioning.reconciler.book import DeploymentRows
from provisioning.reconciler.jobs import deployment_job
from provisioning.reconciler.lease import Lease
from provisioning.steps.deployment import LetGo
from provisioning.vault import FolderVault
from tests.faults import zeros
from tests.makers import launch, make_event, make_release
from tests.simulation import Simulation, key_of, ready


def test_nobody_can_come_in_any_more_while_the_copy_is_made(world: Simulation) -> None:
    deployment = ready(world)
    world.place.job_looks = 10**6
    deployment.retire(by=None, at=world.at)
    ghost = world.place.machines[key_of(deployment)]
    world.run_until(lambda: any(job.startswith("archive") for job in ghost.started))
    assert not world.front_door.routes


def test_a_copy_that_was_damaged_on_its_way_is_not_relied_upon(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    append = FolderVault.append

    def damaged(vault: FolderVault, name: str, offset: int, slice_: bytes) -> None:
        monkeypatch.undo()
        append(vault, name, offset, slice_[:-1] + b"?")

    monkeypatch.setattr(FolderVault, "append", damaged)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    copy = Archive.objects.get(kind="end")
    assert not world.world.vault.verify(copy.name, copy.sha256, lambda: None)
    zeros.check(world)


def test_a_machine_that_a_bug_asks_to_go_unsettled_stays(world: Simulation) -> None:
    deployment = ready(world)
    Machine.objects.update(wanted=Wanted.GONE, due_at=world.at)
    world.run_for(timedelta(minutes=3))
    assert key_of(deployment) in world.place.machines


def test_only_a_settled_machine_is_let_go(world: Simulation) -> None:
    deployment = ready(world)
    lease = Lease.claim(Deployment, deployment.pk, world.at)
    assert lease
    LetGo().push(deployment_job(lease, DeploymentRows(lease), world.world))
    assert Machine.objects.get().wanted == Wanted.UP


def test_two_machines_are_never_wanted_for_one_role_even_by_a_bug(world: Simulation) -> None:
    deployment = ready(world)
    machine = deployment.machine()
    assert machine
    machine.pk, machine.key, machine.slot = None, new_key(), machine.slot + 1
    with pytest.raises(IntegrityError), transaction.atomic():
        machine.save(force_insert=True)


def test_trying_again_what_was_asked_to_go_changes_nothing(world: Simulation) -> None:
    deployment = ready(world)
    world.place.destroy(key_of(deployment))
    world.until_phase(deployment, Phase.FAILED)
    deployment.refresh_from_db()
    assert deployment.retire(by=None, at=world.at)
    assert not deployment.retry(by=None, at=world.at)


def test_one_missed_answer_is_not_yet_silence(world: Simulation) -> None:
    deployment = ready(world)
    world.prober.misses = 1
    world.run_for(2 * deployment.keep_every)
    assert not world.prober.misses
    assert not Entry.objects.filter(happened=Happened.HEALTH).exists()


GOODBYE = '[archive]\npaths = ["/srv/board"]\n[teardown]\nrun = "goodbye"'


def with_goodbye(world: Simulation) -> Deployment:
    """A service that people use, whose app wants to say goodbye."""
    deployment = launch(make_event(days=30), make_release(end=GOODBYE))
    world.until_phase(deployment, Phase.READY)
    return deployment


def test_an_app_says_goodbye_once_its_copy_is_safe_and_nobody_can_come_in(world: Simulation) -> None:
    deployment = with_goodbye(world)
    ghost = world.place.machines[key_of(deployment)]
    deployment.retire(by=None, at=world.at)
    world.run_until(lambda: "teardown-1" in ghost.started)
    assert ghost.started.index("archive-1-retiring-1") < ghost.started.index("teardown-1")
    assert not world.front_door.routes
    assert Machine.objects.get().settled == Settled.ARCHIVED
    world.until_phase(deployment, Phase.GONE)
    assert ghost.started.count("teardown-1") == 1
    zeros.check(world)


@pytest.mark.parametrize("code", [1, 124])
def test_a_goodbye_that_fails_is_told_and_passed_over(world: Simulation, code: int) -> None:
    deployment = with_goodbye(world)
    world.place.failing_jobs["teardown"] = code
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    told = Entry.objects.get(happened=Happened.PROBLEM).told
    assert (told["code"], told["params"]["code"]) == ("teardown-failed", code)
    zeros.check(world)


def test_a_goodbye_that_never_ends_holds_nobody_up_for_more_than_three_minutes(world: Simulation) -> None:
    deployment = with_goodbye(world)
    deployment.retire(by=None, at=world.at)
    world.run_until(lambda: Machine.objects.get().settled == Settled.ARCHIVED)
    asked, world.place.job_looks = world.at, 10**6
    assert world.until_phase(deployment, Phase.GONE) - asked < timedelta(minutes=4)
    assert Entry.objects.get(happened=Happened.PROBLEM).told["code"] == "teardown-failed"


def test_a_machine_that_cannot_be_asked_goes_without_a_goodbye(world: Simulation) -> None:
    deployment = with_goodbye(world)
    deployment.retire(by=None, at=world.at)
    world.run_until(lambda: Machine.objects.get().settled == Settled.ARCHIVED)
    world.place.kill(key_of(deployment))
    world.until_phase(deployment, Phase.GONE)
    assert Entry.objects.filter(told__code="teardown-failed").count() == 1
    zeros.check(world)


def test_a_machine_that_is_not_there_any_more_is_not_asked_for_its_goodbye(world: Simulation) -> None:
    world.prober.misses = 10**6
    deployment = launch(make_event(days=30), make_release(end=GOODBYE))
    world.until_phase(deployment, Phase.FAILED)
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: Machine.objects.get().phase == Phase.GONE)
    assert Machine.objects.get().settled == Settled.NEVER_LOADED
    assert not Entry.objects.filter(told__code="teardown-failed").exists()


def test_what_was_never_set_up_says_no_goodbye(world: Simulation) -> None:
    world.place.failing_jobs["install"] = 1
    deployment = launch(make_event(days=30), make_release(end=GOODBYE))
    world.until_phase(deployment, Phase.FAILED)
    ghost = world.place.machines[key_of(deployment)]
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert "teardown-1" not in ghost.started
