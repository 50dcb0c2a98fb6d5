"""Only one works on a row, and whoever was overtaken writes nothing."""

import threading
from datetime import timedelta
from logging.config import dictConfig
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from provisioning.models import Deployment, Entry, Machine
from provisioning.models.reconciled import woken
from provisioning.phases import Happened, Kind, Phase, Wanted
from provisioning.reconciler.book import DeploymentRows
from provisioning.reconciler.lease import LENGTH, Lease, LeaseLost
from provisioning.reconciler.walk import Pass, reconcile
from tests.makers import NOON, launch
from tests.simulation import MISTAKES, Simulation


def claim(deployment: Deployment, after: timedelta = timedelta(0)) -> "Lease[Deployment] | None":
    return Lease.claim(Deployment, deployment.pk, NOON + after)


def test_a_row_is_claimed_once(world: Simulation) -> None:
    deployment = launch()
    assert claim(deployment)
    assert claim(deployment) is None


def test_twenty_pokes_for_one_row_are_one_pass(world: Simulation) -> None:
    deployment = launch()
    lease = claim(deployment)
    passes = [reconcile(Kind.DEPLOYMENT, deployment.pk, at=NOON, world=world.world) for _ in range(20)]
    assert lease
    assert passes == [None] * 20


def test_a_lease_that_ran_out_is_claimed_by_the_next(world: Simulation) -> None:
    deployment = launch()
    first, second = claim(deployment), claim(deployment, LENGTH)
    assert first
    assert second
    assert second.epoch == first.epoch + 1


def test_of_eight_who_claim_at_once_one_has_the_row(world: Simulation) -> None:
    deployment = launch()
    claimed: list[Lease[Deployment] | None] = []
    ready = threading.Barrier(8)

    def one() -> None:
        ready.wait()
        claimed.append(claim(deployment))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [lease.epoch for lease in claimed if lease] == [1]


def test_what_is_claimed_is_the_row_as_the_last_pass_left_it(world: Simulation) -> None:
    deployment = launch()
    assert reconcile(Kind.DEPLOYMENT, deployment.pk, at=NOON, world=world.world)
    lease = claim(deployment, after=LENGTH)
    assert lease
    assert (lease.epoch, lease.row.phase) == (2, Phase.BUILDING)


def test_a_row_that_is_gone_is_not_claimed(world: Simulation) -> None:
    deployment = launch()
    Deployment.objects.update(phase=Phase.GONE, wanted=Wanted.GONE, due_at=None)
    assert claim(deployment) is None


def test_a_machine_asked_for_by_one_who_was_overtaken_is_not_made(world: Simulation) -> None:
    first = claim(launch())
    assert first
    rows = DeploymentRows(first)
    assert claim(first.row, LENGTH)
    with pytest.raises(LeaseLost):
        rows.need_machine("main", 1)
    assert not Machine.objects.exists()


def test_one_who_was_overtaken_admits_nobody_and_that_is_no_mistake(world: Simulation) -> None:
    deployment = launch()
    first = claim(deployment)
    assert first
    assert reconcile(Kind.DEPLOYMENT, deployment.pk, at=NOON + LENGTH, world=world.world)
    assert Pass(Kind.DEPLOYMENT, first, world.world).run() is None
    assert Machine.objects.count() == 1
    assert not MISTAKES.met


def test_a_mistake_of_ours_fails_a_test_whoever_set_up_the_log_before(
    tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dictConfig(settings.LOGGING)  # takes what listens off loggers below ours
    world = Simulation(tmp_path)
    monkeypatch.setattr(Pass, "_end", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.until_phase(launch(), Phase.READY)


def test_whoever_was_overtaken_writes_nothing(world: Simulation) -> None:
    deployment = launch()
    first = claim(deployment)
    assert first
    assert claim(deployment, LENGTH)
    with pytest.raises(LeaseLost):
        first.write(problem="stale")
    with pytest.raises(LeaseLost):
        first.release(NOON)
    assert Deployment.objects.get().problem == ""


def test_what_was_noted_by_a_pass_that_was_overtaken_is_not_kept(world: Simulation) -> None:
    deployment = launch()
    first = claim(deployment)
    assert first
    first.note(Happened.STEP, "stale", step="install")
    assert claim(deployment, LENGTH)
    with pytest.raises(LeaseLost):
        first.release(NOON)
    assert not Entry.objects.filter(happened=Happened.STEP).exists()


def test_a_fence_keeps_an_overtaken_pass_from_other_rows(world: Simulation) -> None:
    deployment = launch()
    first = claim(deployment)
    assert first
    assert claim(deployment, LENGTH)
    with pytest.raises(LeaseLost), first.fence():
        Deployment.objects.update(title="stale")
    assert Deployment.objects.get().title == "Notice board"


def test_a_wake_during_a_pass_makes_the_row_due_at_once(world: Simulation) -> None:
    deployment = launch()
    lease = claim(deployment)
    assert lease
    Deployment.objects.update(**woken(NOON))
    assert lease.release(NOON + timedelta(hours=1)) == NOON
    assert Deployment.objects.get().due_at == NOON


def test_without_a_wake_the_next_look_is_as_the_pass_says(world: Simulation) -> None:
    deployment = launch()
    lease = claim(deployment)
    assert lease
    later = NOON + timedelta(hours=1)
    assert lease.release(later) == later
    assert Deployment.objects.get().due_at == later


def test_a_move_that_is_not_an_arrow_is_refused(world: Simulation) -> None:
    deployment = launch()
    lease = claim(deployment)
    assert lease
    with pytest.raises(ValueError, match="waiting → ready"):
        lease.move(Phase.READY)


def test_a_call_gets_no_more_time_than_the_lease_has_left(world: Simulation) -> None:
    deployment = launch()
    lease = claim(deployment)
    assert lease
    ticks = iter([0.0, 45.0, 49.5])
    timed = Lease(lease.row, NOON, monotonic=lambda: next(ticks))
    assert timed.within == 5.0
    with pytest.raises(LeaseLost):
        _ = timed.within


def test_what_was_written_at_once_is_not_undone_at_the_end_of_the_pass(world: Simulation) -> None:
    deployment = launch()
    lease = claim(deployment)
    assert lease
    lease.set(step="seen again")
    lease.write(step="absent")
    lease.release(NOON)
    assert Deployment.objects.get().step == "absent"
