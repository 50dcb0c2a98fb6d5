"""kill -9 at every line of the reconciler, the steps, the admission and the fabric: a fresh worker goes on, and nothing is wrong.

A death is an exception that nothing catches, thrown by the line tracer. Open transactions roll back, as they do when a
worker dies; what was done outside stays done.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from provisioning.models import Deployment, Machine
from provisioning.phases import Phase
from tests.faults import zeros
from tests.makers import launch, make_event, make_release
from tests.simulation import Simulation

PLACES = (
    "provisioning/reconciler",
    "provisioning/steps",
    "provisioning/fabrics",
    "provisioning/admission",
    "provisioning/vault",
)
STRIDE = int(os.environ.get("KILL_EVERY", "29"))
"""1 = at every single line (minutes). The default spreads over all of them; a prime, so that loops do not hide lines."""


class Killed(BaseException):
    """kill -9."""


class Tracer:
    """Counts lines of ours; dies at one of them."""

    def __init__(self, deadly: int | None = None) -> None:
        self.deadly = deadly
        self.lines = 0

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        ours = any(place in frame.f_code.co_filename for place in PLACES)
        if event == "call":
            return self if ours else None
        if event == "line" and ours:
            self.lines += 1
            if self.lines == self.deadly:
                raise Killed(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        return self


def traced(tracer: Tracer, story: Callable[[], None]) -> None:
    sys.settrace(tracer)
    try:
        story()
    finally:
        sys.settrace(None)


def one_life(world: Simulation) -> Callable[[], None]:
    """A service from the press to its end."""
    deployment = launch(make_event(days=1), RELEASE[0])

    def story() -> None:
        world.run_until(lambda: Deployment.objects.get(pk=deployment.pk).ready_at is not None)
        world.sleep_until(deployment.expires_at)
        world.until_phase(deployment, Phase.GONE)

    return story


RELEASE: list[Any] = []


def survives(folder: Path, deadly: int) -> bool:
    """Play the story, die at this line, go on with a fresh worker. Return False when the story ends before the line."""
    world = Simulation(folder)
    story = one_life(world)
    try:
        traced(Tracer(deadly), story)
    except Killed:
        world.at += timedelta(seconds=61)  # the lease of the dead runs out
        story()
        zeros.check(world)
        return True
    return False


def forget_rows() -> None:
    for deployment in Deployment.objects.all():
        deployment.archives.all().delete()
    Machine.objects.all().delete()
    Deployment.objects.all().delete()


@pytest.mark.timeout(1800)
def test_a_worker_killed_at_any_line_leaves_nothing_leaked_lost_doubled_or_stuck(
    tmp_path: Path, transactional_db: None
) -> None:
    RELEASE[:] = [make_release()]
    deadly = 1
    while survives(tmp_path / str(deadly), deadly):
        forget_rows()
        deadly += STRIDE
    assert deadly > 1000, "the tracer saw next to nothing: the story is not traced"
