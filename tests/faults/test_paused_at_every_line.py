"""SIGSTOP beyond the lease, at every line: another worker goes on, or ends it all; then the first wakes up and writes nothing.

What it still does outside is harmless, because everything outside is keyed, and what nobody owns is swept up.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from catalog.models import Release
from provisioning.models import Archive, Deployment, Entry, Machine, Route
from provisioning.phases import Kind, Phase
from provisioning.reconciler.walk import ROWS, reconcile
from tests.faults import zeros
from tests.faults.lines import Tracer
from tests.faults.stories import destroyed_from_outside, forget, one_life
from tests.makers import make_release
from tests.simulation import Simulation

pytestmark = pytest.mark.thorough

STRIDE = int(os.environ.get("PAUSE_EVERY", "1409"))
"""1 = at every single line (hours). A prime, so that loops do not hide lines; 211 takes some minutes."""

Meanwhile = Callable[[Simulation], None]


def one_pass(world: Simulation) -> None:
    """Another worker does what is due."""
    world.tick()


def the_end(world: Simulation) -> None:
    """Somebody asks for it to go, and another worker sees to it that nothing is left."""
    deployment = Deployment.objects.get()
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)


class Watched(Simulation):
    """Notices what a worker writes that was overtaken."""

    def __init__(self, folder: Path, meanwhile: Meanwhile) -> None:
        super().__init__(folder)
        self.meanwhile = meanwhile
        self.awake_since: dict[str, Any] | None = None
        self.paused_at = ""

    def pause(self, frame: FrameType) -> None:
        """The worker stops here until its lease has run out and another one has worked."""
        self.paused_at = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        row = _row_of(frame)
        epoch = row and _epoch(*row)
        self.at += timedelta(seconds=61)
        self.meanwhile(self)
        if row and _epoch(*row) != epoch:
            self.awake_since = _all_rows()

    def _look(self, kind: Kind, pk: int) -> bool:
        looked = super()._look(kind, pk)
        if self.awake_since is not None:
            assert _all_rows() == self.awake_since, "an overtaken worker wrote something"
            self.awake_since = None
        return looked


def _row_of(frame: FrameType | None) -> tuple[Kind, int] | None:
    while frame is not None:
        if frame.f_code is reconcile.__code__:
            return frame.f_locals["kind"], frame.f_locals["pk"]
        frame = frame.f_back
    return None


def _epoch(kind: Kind, pk: int) -> int:
    return int(ROWS[kind]._default_manager.values_list("lease_epoch", flat=True).get(pk=pk))


def _all_rows() -> dict[str, Any]:
    return {
        rows.__name__: list(rows.objects.order_by("pk").values())
        for rows in (Deployment, Machine, Entry, Route, Archive)
    }


def _sweep(world: Simulation) -> None:
    """Two complete lists, some time apart."""
    for _ in range(2):
        world.sleep_until(world.at + timedelta(minutes=11))
        world.tick()
    world.tick()


def survives(
    world: Watched, begin: Callable[[Simulation, Release], Callable[[], None]], release: Release, at: int
) -> bool:
    """Tell the story with one pause at this line. Return False when it ends before the line."""
    try:
        Tracer(at, world.pause).trace(begin(world, release))
        _sweep(world)
        told = zeros.leaked(world) + zeros.lost(world) + zeros.stuck()
        assert not told, told
    except Exception as wrong:
        wrong.add_note(f"paused at {world.paused_at}")
        raise
    return bool(world.paused_at)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("meanwhile", [one_pass, the_end])
@pytest.mark.parametrize("begin", [one_life, destroyed_from_outside])
def test_a_worker_that_was_overtaken_writes_nothing_and_leaves_nothing(
    begin: Callable[[Simulation, Release], Callable[[], None]],
    meanwhile: Meanwhile,
    tmp_path: Path,
    transactional_db: None,
) -> None:
    release, line = make_release(), 1
    while survives(Watched(tmp_path / str(line), meanwhile), begin, release, line):
        forget()
        line += STRIDE
    assert line > 1000, "the tracer saw next to nothing: the story is not traced"
