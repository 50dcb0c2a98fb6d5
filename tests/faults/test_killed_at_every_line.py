"""kill -9 at every line of the reconciler and of all it calls: a fresh worker goes on, and nothing is wrong.

A death is an exception that nothing catches, thrown by the line tracer. Open transactions roll back, as they do when a
worker dies; what was done outside stays done.
"""

import itertools
import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.models import Release
from tests.faults import zeros
from tests.faults.lines import Killed, Tracer, bury
from tests.faults.stories import STORIES, Story, forget
from tests.makers import make_release
from tests.simulation import Simulation

pytestmark = pytest.mark.thorough

EVERY = os.environ.get("KILL_EVERY", "1409")
"""A number: at every so many lines that are run; 1 takes hours. The default is a prime, so that loops do not hide lines,
and takes the ordinary run a minute or two of a core for both databases. "line": at every line of the source, when it is met
first and when it is met last (an hour)."""


def survives(folder: Path, begin: Callable[[Simulation, Release], Story], release: Release, deadly: int) -> bool:
    """Tell the story, die at this line, go on with a fresh worker. Return False when the story ends before the line."""
    world = Simulation(folder)
    story = begin(world, release)
    try:
        Tracer(deadly).trace(story)
    except Killed as killed:
        bury()
        world.at += timedelta(seconds=61)  # the lease of the dead runs out
        _go_on(world, story, killed)
        return True
    return False


def deadly_lines(folder: Path, begin: Callable[[Simulation, Release], Story], release: Release) -> Iterable[int]:
    """Where to die, one after the other."""
    if EVERY != "line":
        return itertools.count(1, int(EVERY))
    tracer = Tracer()
    tracer.trace(begin(Simulation(folder), release))
    forget()
    return sorted({number for meetings in tracer.met.values() for number in meetings})


def _go_on(world: Simulation, story: Story, killed: Killed) -> None:
    try:
        story()
        zeros.check(world)
    except Exception as wrong:
        wrong.add_note(f"after a death at {killed}")
        raise


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("begin", STORIES)
def test_a_worker_killed_at_any_line_leaves_nothing_leaked_lost_doubled_or_stuck(
    begin: Callable[[Simulation, Release], Story], tmp_path: Path, transactional_db: None
) -> None:
    release, deaths, deadly = make_release(), 0, 0
    for deadly in deadly_lines(tmp_path / "whole", begin, release):
        if not survives(tmp_path / str(deadly), begin, release, deadly):
            break
        forget()
        deaths += 1
    assert deadly > 1000, "the tracer saw next to nothing: the story is not traced"
    print(f"{begin.__name__}: {deaths} deaths over {deadly} lines")
