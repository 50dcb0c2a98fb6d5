"""The copy of an end that cannot be made, or takes long: what is tried again, what is begun anew, and what is held and told."""

import errno
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from provisioning.fabrics.memory.place import Ghost
from provisioning.fabrics.memory.remote import MemoryRemote
from provisioning.models import Archive, Deployment, Entry, Machine
from provisioning.phases import Happened, Phase
from provisioning.steps import copying
from provisioning.vault import FolderVault
from tests.faults import zeros
from tests.simulation import MISTAKES, Simulation, key_of, ready

pytestmark = pytest.mark.thorough


class Counted(list[BaseException]):
    """Mistakes that are expected: counted, and not kept."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def append(self, _: BaseException) -> None:
        self.times += 1


def is_held(world: Simulation, within: timedelta) -> bool:
    """Is its machine put on hold in this time?"""
    until = world.at + within
    world.run_until(lambda: world.at >= until or Machine.objects.get().hold_until is not None)
    return Machine.objects.get().hold_until is not None


NOTES = {
    "endless": b'{"sha256": "%b", "size": Infinity}',
    "too large a number": b'{"sha256": "%b", "size": 1e999}',
    "larger than anything": b'{"sha256": "%b", "size": 1' + b"0" * 400 + b"}",
    "less than nothing": b'{"sha256": "%b", "size": -1}',
    "no digest": b'{"sha256": "\\u0000", "size": 10}',
    "deep": b"[" * 65536,
    "no object": b"[]",
}


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
def test_a_note_that_makes_no_sense_puts_the_machine_on_hold(
    world: Simulation, note: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    read, note = MemoryRemote.read, note.replace(b"%b", b"0" * 64)

    def said(remote: MemoryRemote, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        return note if path.endswith(".json") else read(remote, path, offset=offset, limit=limit)

    monkeypatch.setattr(MemoryRemote, "read", said)
    deployment.retire(by=None, at=world.at)
    assert is_held(world, timedelta(minutes=5))
    deployment.refresh_from_db()
    assert (deployment.problem, deployment.problem_params["why"]) == ("copy-on-hold", "copy-failed")


def test_a_full_disk_under_the_copies_puts_the_machine_on_hold_after_an_hour(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "open", full)
    deployment.retire(by=None, at=world.at)
    assert not is_held(world, timedelta(minutes=50))
    assert Deployment.objects.get().problem == "copies-away"
    assert is_held(world, timedelta(minutes=30))
    monkeypatch.undo()
    world.until_phase(deployment, Phase.GONE)
    zeros.check(world)


def test_a_mistake_of_ours_that_stays_puts_the_machine_on_hold_and_it_is_tried_again(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    monkeypatch.setattr(FolderVault, "verify", lambda *_: 1 / 0)
    monkeypatch.setattr(MISTAKES, "met", met := Counted())
    deployment.retire(by=None, at=world.at)
    assert is_held(world, timedelta(minutes=70))
    tries = met.times
    world.run_for(timedelta(hours=2))
    assert met.times > tries
    monkeypatch.undo()
    world.until_phase(deployment, Phase.GONE)
    zeros.check(world)


@pytest.mark.parametrize("size", [4 << 30, (4 << 30) + 1, 1 << 50])
def test_a_copy_takes_no_more_room_than_four_times_the_disk_that_its_app_asked_for(
    world: Simulation, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)  # asked for 1 GiB
    read, fetched = MemoryRemote.read, list[str]()

    def told(remote: MemoryRemote, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        said = read(remote, path, offset=offset, limit=limit)
        if path.endswith(".tar.gz"):
            fetched.append(path)
        return json.dumps({**json.loads(said), "size": size}).encode() if path.endswith(".json") else said

    monkeypatch.setattr(MemoryRemote, "read", told)
    deployment.retire(by=None, at=world.at)
    assert is_held(world, timedelta(minutes=5))
    why = Deployment.objects.get().problem_params["why"]
    assert (why, bool(fetched)) == (("copy-failed", True) if size == 4 << 30 else ("copy-outgrew-its-disk", False))


def archives(ghost: Ghost) -> list[str]:
    """The archive jobs that a machine was given."""
    return [job for job in ghost.started if job.startswith("archive")]


def parts(world: Simulation) -> list[str]:
    """What is left of copies that are not whole."""
    return [path.name for path in Path(world.world.vault.folder).glob("*.part")]  # type: ignore[attr-defined]


@pytest.fixture
def slow(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    """Copies of some thirty slices, each of which takes four minutes."""
    monkeypatch.setattr(copying, "SLICE", 8)
    read = MemoryRemote.read

    def slowly(remote: MemoryRemote, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        world.at += timedelta(minutes=4) if path.endswith(".tar.gz") else timedelta(0)
        return read(remote, path, offset=offset, limit=limit)

    monkeypatch.setattr(MemoryRemote, "read", slowly)
    return world


def test_a_copy_that_takes_hours_to_fetch_is_made_once_and_fetched(slow: Simulation) -> None:
    deployment = ready(slow)
    ghost, asked = slow.place.machines[key_of(deployment)], slow.at
    deployment.retire(by=None, at=slow.at)
    slow.until_phase(deployment, Phase.GONE)
    assert slow.at - asked > timedelta(hours=1)
    assert archives(ghost) == ["archive-1-retiring-1"]
    assert (parts(slow), Archive.objects.count()) == ([], 1)
    zeros.check(slow)


def test_a_fetch_goes_on_where_it_was_when_its_machine_is_to_be_reached_again(slow: Simulation) -> None:
    deployment = ready(slow)
    ghost = slow.place.machines[key_of(deployment)]
    deployment.retire(by=None, at=slow.at)
    slow.run_until(lambda: any(slow.world.vault.size(part.removesuffix(".part")) > 80 for part in parts(slow)))
    ghost.silent = True
    slow.sleep_until(slow.at + timedelta(minutes=50))
    assert not is_held(slow, timedelta(minutes=1)), "its hour begins with the last slice"
    slow.sleep_until(slow.at + timedelta(minutes=10))
    assert is_held(slow, timedelta(minutes=1))
    fetched = slow.world.vault.size(parts(slow)[0].removesuffix(".part"))
    ghost.silent = False
    slow.run_until(lambda: Archive.objects.exists() or slow.world.vault.size(parts(slow)[0][:-5]) > fetched)
    assert archives(ghost) == ["archive-1-retiring-1"]
    slow.until_phase(deployment, Phase.GONE)


def test_a_copy_that_is_never_made_puts_the_machine_on_hold_and_is_told(world: Simulation) -> None:
    deployment = ready(world)
    world.place.job_looks, ghost = 10**9, world.place.machines[key_of(deployment)]
    deployment.retire(by=None, at=world.at)
    assert not is_held(world, timedelta(minutes=5))
    world.sleep_until(world.at + timedelta(hours=2))
    assert is_held(world, timedelta(minutes=1))
    assert Entry.objects.filter(happened=Happened.COPY, told__settled="").count() == 1
    world.place.job_looks = 5
    world.run_for(timedelta(hours=1))
    world.until_phase(deployment, Phase.GONE)
    assert archives(ghost) == ["archive-1-retiring-1", "archive-1-retiring-2"]


@pytest.mark.parametrize("size", [8, 1 << 20], ids=["many slices", "one slice"])
def test_a_copy_that_was_damaged_where_it_was_made_is_made_anew(
    world: Simulation, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    ghost = world.place.machines[key_of(deployment)]
    monkeypatch.setattr(copying, "SLICE", size)
    read = MemoryRemote.read

    def damaged(remote: MemoryRemote, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        return read(remote, path, offset=offset, limit=limit).replace(b"\x1f\x8b", b"??")

    monkeypatch.setattr(MemoryRemote, "read", damaged)
    deployment.retire(by=None, at=world.at)
    assert is_held(world, timedelta(minutes=70))
    assert parts(world) == []
    monkeypatch.undo()
    world.run_until(lambda: len(archives(ghost)) == 2)
    assert archives(ghost) == ["archive-1-retiring-1", "archive-1-retiring-2"]
    world.until_phase(deployment, Phase.GONE)


def test_what_was_fetched_of_a_copy_is_thrown_away_when_another_is_begun(slow: Simulation) -> None:
    deployment = ready(slow)
    ghost = slow.place.machines[key_of(deployment)]
    deployment.retire(by=None, at=slow.at)
    slow.run_until(lambda: bool(parts(slow)))
    for path in [path for path in ghost.files if path.endswith(".tar.gz")]:
        del ghost.files[path]
    assert is_held(slow, timedelta(minutes=10))
    assert parts(slow) == []
    slow.until_phase(deployment, Phase.GONE)
    assert ghost.started.count("archive-1-retiring-2") == 1
