"""A machine's disk is watched, because no engine limits it."""

from datetime import timedelta
from typing import Any

import pytest

from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.memory.remote import MemoryRemote
from provisioning.models import Deployment, Entry, Machine
from provisioning.phases import Happened, Phase
from tests.simulation import Simulation, ready

pytestmark = pytest.mark.thorough


def told() -> list[int]:
    """The room that was left whenever somebody was told."""
    entries = Entry.objects.filter(happened=Happened.HEALTH).order_by("at", "pk")
    return [entry.told["disk_free_mib"] for entry in entries]


def test_a_disk_that_is_nearly_full_is_told_once_and_stops_nothing(world: Simulation) -> None:
    ready(world)  # asked for 1 GiB
    world.place.free_mib = 100
    world.skim(timedelta(hours=1))
    assert told() == [100]
    assert Deployment.objects.get().phase == Phase.READY
    assert Machine.objects.get().is_nearly_full


def test_one_that_got_room_and_fills_again_is_told_again(world: Simulation) -> None:
    ready(world)
    for free in (100, 150, 90, 300, 80):
        world.place.free_mib = free
        world.run_for(timedelta(minutes=11))
    assert told() == [100, 80]


@pytest.mark.parametrize("size", [None, "a", float("inf"), float("nan")])
def test_a_disk_that_is_told_of_without_sense_is_no_problem(
    world: Simulation, monkeypatch: pytest.MonkeyPatch, size: Any
) -> None:
    ready(world)
    call = MemoryRemote.call

    def told(remote: MemoryRemote, verb: str, given: Any = None, *, within: float = 20) -> dict[str, Any]:
        said = call(remote, verb, given, within=within)
        return {"disk_mib": size, "disk_used_mib": 0} if verb == "facts" else said

    monkeypatch.setattr(MemoryRemote, "call", told)
    world.run_for(timedelta(minutes=11))
    assert not Machine.objects.get().problem


def test_a_disk_that_cannot_be_looked_at_is_no_problem(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(world)
    call = MemoryRemote.call

    def cut(remote: MemoryRemote, verb: str, given: Any = None, *, within: float = 20) -> dict[str, Any]:
        if verb == "facts":
            raise TryAgain("connection-lost", blame=Blame.FABRIC)
        return call(remote, verb, given, within=within)

    monkeypatch.setattr(MemoryRemote, "call", cut)
    world.run_for(timedelta(minutes=11))
    assert not Machine.objects.get().problem
    assert not Entry.objects.filter(happened=Happened.PROBLEM).exists()
