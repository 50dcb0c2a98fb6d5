"""Which rows are looked at first, and that none stops the others."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count, pairwise

import pytest
from celery import current_app
from django.utils.timezone import now
from kombu import Connection

from provisioning import reconciler, tasks
from provisioning.models import Deployment, Machine
from provisioning.phases import Kind, Lane, Phase
from provisioning.reconciler import drain
from provisioning.reconciler.sweep import BATCH, due
from provisioning.steps.machine import Allocate
from tests.makers import KEEPS, NOON, launch, make_event, make_release
from tests.simulation import Simulation, phase_of


def ticking(begin: datetime) -> Callable[[], datetime]:
    """A clock that moves on by 20 ms whenever it is read."""
    reads = count()
    return lambda: begin + timedelta(milliseconds=20 * next(reads))


def test_a_row_that_meets_a_mistake_of_ours_hinders_no_other(world: Simulation) -> None:
    event, release = make_event(), make_release()
    bad, good = launch(event, release), launch(event, release)
    world.place.boot_looks = 5
    world.run_until(lambda: Machine.objects.count() == 2)
    Machine.objects.filter(deployment=bad).update(spec={})
    drain(ticking(world.at), world.world, pause=lambda _: None)
    assert phase_of(good) == Phase.READY
    broken = Machine.objects.get(deployment=bad)
    assert broken.problem == "our-mistake"
    assert broken.due_at
    assert broken.due_at - world.at > timedelta(seconds=55)


def test_a_pass_whose_end_the_database_refuses_is_pushed_away_like_any_mistake(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch()
    monkeypatch.setattr(Allocate, "done", lambda _, job: job.book.lease.set(lane=-1))  # as a bug would
    drain(ticking(world.at), world.world, pause=lambda _: None)
    broken = Machine.objects.get()
    assert (broken.problem, broken.phase, broken.lane) == ("our-mistake", Phase.BUILDING, Lane.PERSON)
    assert broken.due_at
    assert broken.due_at - world.at > timedelta(seconds=55)


def test_every_batch_begins_with_the_oldest_of_any_lane(world: Simulation) -> None:
    event, release = make_event(), make_release()
    rows = [launch(event, release) for _ in range(BATCH + 2)]
    old = rows[-1]
    Deployment.objects.filter(pk=old.pk).update(lane=Lane.KEEPING, due_at=NOON - timedelta(minutes=1))
    assert due(NOON)[0] == (Kind.DEPLOYMENT, old.pk)


def test_who_waits_for_it_in_person_is_served_before_regular_looks(world: Simulation) -> None:
    event, release = make_event(), make_release()
    oldest, keeping, person = (launch(event, release) for _ in range(3))
    for row, lane, seconds in ((oldest, Lane.ENDING, 3), (keeping, Lane.KEEPING, 2), (person, Lane.PERSON, 1)):
        Deployment.objects.filter(pk=row.pk).update(lane=lane, due_at=NOON - timedelta(seconds=seconds))
    assert [pk for _, pk in due(NOON)] == [oldest.pk, person.pk, keeping.pk]


def test_a_machine_at_work_is_looked_at_by_the_next_drain_without_a_pause(world: Simulation) -> None:
    launch()
    world.place.boot_looks = 10_000
    assert drain(ticking(world.at), world.world, pause=lambda _: None)


def test_a_drain_after_which_nobody_waits_is_followed_by_the_clocks(world: Simulation) -> None:
    launch()
    assert not drain(ticking(world.at), world.world, pause=lambda _: None)


def test_where_many_are_due_no_drain_sends_the_next(world: Simulation) -> None:
    event, release = make_event(), make_release()
    for _ in range(300):
        launch(event, release)
    assert not drain(ticking(world.at), world.world, pause=lambda _: None)


@pytest.fixture
def is_drain_sent(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Callable[[], bool]]:
    """Whether a drain was sent."""
    with Connection("memory://") as wire, current_app.amqp.Producer(wire) as producer:
        queue = wire.SimpleQueue("sweep")
        queue.clear()
        monkeypatch.setattr(tasks.drain, "apply_async", partial(tasks.drain.apply_async, producer=producer))
        yield lambda: bool(queue.qsize())


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_drain_that_goes_on_sends_itself(
    goes_on: bool, is_drain_sent: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "drain", lambda clock, world: goes_on)
    tasks.drain()
    assert is_drain_sent() is goes_on


@pytest.mark.parametrize(("seconds", "follows"), [(0.1, True), (60, False), (None, False)])
def test_what_a_click_began_is_followed_by_a_drain_if_more_is_seen_in_a_moment(
    seconds: float | None, follows: bool, is_drain_sent: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    next_look = None if seconds is None else now() + timedelta(seconds=seconds)
    monkeypatch.setattr(reconciler, "reconcile", lambda *_, **__: next_look)
    tasks.reconcile(Kind.MACHINE, 1)
    assert is_drain_sent() is follows


def test_services_that_simply_run_are_looked_at_in_company(world: Simulation) -> None:
    event, release = make_event(days=30), make_release()
    first = launch(event, release)
    world.until_phase(first, Phase.READY)
    world.at += timedelta(seconds=1)
    second = launch(event, release, at=world.at)
    world.until_phase(second, Phase.READY)
    looks = {looked_at_next(row) for row in (first, second)}
    assert len(looks) == 1
    assert max(looks) - world.at <= first.keep_every


def test_company_makes_no_look_late_however_often_it_is_wished_for(world: Simulation) -> None:
    deployment = launch(make_event(days=30), make_release(end=f'{KEEPS}\n[health.live]\nevery = "10s"'))
    world.until_phase(deployment, Phase.READY)
    looks = [looked_at_next(deployment)]
    for _ in range(5):
        world.run_until(lambda: looked_at_next(deployment) != looks[-1])
        looks.append(looked_at_next(deployment))
    assert [later - sooner for sooner, later in pairwise(looks)] == [timedelta(seconds=10)] * 5


def looked_at_next(deployment: Deployment) -> datetime:
    """When a service's next look is due."""
    due_at = Deployment.objects.values_list("due_at", flat=True).get(pk=deployment.pk)
    assert due_at
    return due_at
