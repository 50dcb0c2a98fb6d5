"""A place that keeps everybody waiting delays nobody else."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest

from provisioning.driver import RollCall, Sighting
from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.memory import MemoryDriver
from provisioning.models import Deployment, Fabric, Machine
from provisioning.models.reconciled import woken
from provisioning.phases import Kind, Phase
from provisioning.reconciler import breaker, head_count, keep
from provisioning.reconciler.breaker import AWAY, PAUSE, watched
from provisioning.reconciler.walk import reconcile
from tests.makers import NOON, make_fabric
from tests.simulation import Simulation, ready

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(transaction=True)]


class Waits:
    """A place that answers nobody, and a clock that says how long somebody has waited for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.seconds, self.hangs = 0, 0.0, True
        monkeypatch.setattr(breaker, "monotonic", lambda: self.seconds)
        really = MemoryDriver.see

        def see(driver: MemoryDriver, key: str, *, within: float) -> Sighting:
            self.asked += 1
            if self.hangs:
                self.seconds += within
                raise TryAgain(AWAY, blame=Blame.FABRIC)
            return really(driver, key, within=within)

        monkeypatch.setattr(MemoryDriver, "see", see)


@pytest.fixture
def waits(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waits]:
    """Twelve machines at a place that answers no more."""
    for _ in range(12):
        ready(world)
    return iter([Waits(monkeypatch)])


def look_at_all(world: Simulation) -> None:
    """All rows are due, and looked at."""
    Machine.objects.update(**woken(world.at))
    for pk in Machine.objects.order_by("pk").values_list("pk", flat=True):
        reconcile(Kind.MACHINE, pk, at=world.at, world=world.world)


def test_only_the_first_waits_for_a_place_that_does_not_answer(world: Simulation, waits: Iterator[Waits]) -> None:
    place = next(waits)
    look_at_all(world)
    assert (place.asked, place.seconds) == (1, 20.0)
    assert set(Machine.objects.values_list("waits_for", flat=True)) == {AWAY}
    assert set(Machine.objects.values_list("phase", flat=True)) == {Phase.READY}


def test_after_a_pause_one_tries_and_the_others_go_on_waiting(world: Simulation, waits: Iterator[Waits]) -> None:
    place = next(waits)
    look_at_all(world)
    world.at += PAUSE
    look_at_all(world)
    assert place.asked == 2


def test_of_two_that_look_at_the_same_moment_after_the_pause_one_tries(world: Simulation) -> None:
    at = world.at + PAUSE
    make_fabric(hangs_until=at)
    one, other = Fabric.objects.get(), Fabric.objects.get()
    with watched(one, at), pytest.raises(TryAgain), watched(other, at):
        pass


def test_all_go_on_as_soon_as_it_answers_one(world: Simulation, waits: Iterator[Waits]) -> None:
    place = next(waits)
    look_at_all(world)
    place.hangs = False
    world.at += PAUSE
    first = Machine.objects.order_by("pk").values_list("pk", flat=True)[0]
    reconcile(Kind.MACHINE, first, at=world.at, world=world.world)
    assert Fabric.objects.get().hangs_until is None
    assert Machine.objects.filter(due_at__lte=world.at).count() == 12
    look_at_all(world)
    assert not Machine.objects.filter(waits_for=AWAY).exists()
    assert set(Deployment.objects.values_list("phase", flat=True)) == {Phase.READY}


def test_a_head_count_that_succeeds_lets_all_go_on(world: Simulation, waits: Iterator[Waits]) -> None:
    place = next(waits)
    look_at_all(world)
    place.hangs = False
    head_count(Fabric.objects.get(), world.at, world.world)
    look_at_all(world)
    assert place.asked == 13


def asked(monkeypatch: pytest.MonkeyPatch, stop: TryAgain, seconds: float = 10.0) -> int:
    """How often a place is really asked that stops all of five callers so, each after so many seconds."""
    make_fabric()
    clock, times = count(0.0, seconds), 0
    monkeypatch.setattr(breaker, "monotonic", lambda: next(clock))
    for _ in range(5):
        with suppress(TryAgain), watched(Fabric.objects.get(), NOON):
            times += 1
            raise stop
    return times


def test_one_host_of_many_and_a_place_that_is_full_are_no_reason_not_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, TryAgain("place-is-full", blame=Blame.FABRIC)) == 5
    assert asked(monkeypatch, TryAgain(AWAY, blame=Blame.FABRIC, host="cupboard-3")) == 5
    assert asked(monkeypatch, TryAgain(AWAY, blame=Blame.FABRIC)) == 1


def test_a_place_that_refuses_at_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, TryAgain(AWAY, blame=Blame.FABRIC), seconds=0.0) == 5


def test_a_head_count_counts_a_place_that_hangs_last_and_waits_less_for_it(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    within_each: list[float] = []

    def roll_call(driver: MemoryDriver, *, within: float) -> RollCall:
        within_each.append(within)
        return RollCall(complete=False, keys=frozenset())

    monkeypatch.setattr(MemoryDriver, "roll_call", roll_call)
    make_fabric(hangs_until=world.at + timedelta(seconds=1))
    Fabric.objects.create(name="other", kind="memory", options={"place": "other"})
    keep(world.at, world.world)
    assert within_each == [20.0, 5.0]
