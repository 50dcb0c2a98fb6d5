"""The regular look at every due row, and the housekeeping that belongs to no row in particular."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import itemgetter

from provisioning.models import statements
from provisioning.phases import Kind, Lane, Phase
from provisioning.reconciler.walk import reconcile
from provisioning.reconciler.world import World

SLICE = timedelta(seconds=5)
"""A drain gives its thread back after this; the next one goes on."""
BATCH = 10
"""Rows listed at once; each is still claimed by itself. Every batch begins with the oldest of any lane, so nothing starves."""
FEW = 3
"""Due rows that the next drain is not to be awaited for."""
LINGER = timedelta(seconds=2)
"""So long a drain may wait for a row on which a person waits: until the clock's next one."""

Clock = Callable[[], datetime]

_TABLES = {Kind.DEPLOYMENT: "provisioning_deployment", Kind.MACHINE: "provisioning_machine"}
_OF_LANE = f"""
SELECT * FROM (SELECT lane, due_at, '{{kind}}' AS kind, id FROM {{table}}
    WHERE lane = {{lane:d}} AND due_at <= %s AND lease_until <= %s ORDER BY due_at, id LIMIT {BATCH}) AS of_lane_{{lane:d}}
"""  # noqa: S608 - made of our own words
DUE = "UNION ALL".join(
    _OF_LANE.format(kind=kind, table=table, lane=lane) for kind, table in _TABLES.items() for lane in Lane
)
"""One question for the first of each kind and lane: the commonest answer is that nothing is due."""
_PERSON_OF = f"""
SELECT due_at FROM {{table}}
WHERE lane = {Lane.PERSON:d} AND due_at <= %s AND lease_until <= %s AND phase <> '{Phase.WAITING}'
"""  # noqa: S608 - made of our own words
SOON = f"SELECT MIN(due_at) FROM ({'UNION ALL'.join(_PERSON_OF.format(table=table) for table in _TABLES.values())}) AS soon"  # noqa: S608
"""When the next row is due for which a person waits, and not for room."""

_FIRSTS = f"(SELECT MIN(due_at) FROM {{table}}), (SELECT MIN(due_at) FROM {{table}} WHERE lane = {Lane.PERSON:d})"  # noqa: S608
FIRSTS = f"SELECT {', '.join(_FIRSTS.format(table=table) for table in _TABLES.values())}"
"""Of each kind the first row that is due, and the first for which a person waits."""


def drain(clock: Clock, world: World, pause: Callable[[float], None] = time.sleep) -> bool:
    """Look at due rows, most urgent first, until nothing is due or the slice is used up.

    Return whether the next drain should follow at once: a machine at work is looked at all the time, and would be missed
    until the clock's next tick. Where many rows are due, each tick brings a drain anyway.
    """
    ends_at = clock() + SLICE
    while (at := clock()) < ends_at:
        batch = due(at)
        for kind, pk in batch:
            if clock() >= ends_at:
                break
            reconcile(kind, pk, at=clock(), world=world)
        if not batch:
            soon = _until_a_person_waits(at)
            if soon is None:
                return False
            pause(soon)
    return is_any_due(at) and len(due(at)) <= FEW


def is_any_due(at: datetime) -> bool:
    """Whether a drain would find something to do, or to wait for."""
    return bool(due(at)) or _until_a_person_waits(at) is not None


def due(at: datetime) -> list[tuple[Kind, int]]:
    """The rows of one batch: the oldest of any lane, then by lane and time."""
    by_lane = sorted(map(tuple, statements.lines(DUE, *[at, at] * len(_TABLES) * len(Lane))))
    oldest = sorted(by_lane, key=itemgetter(1))[:1]
    rows = [*oldest, *(row for row in by_lane if row not in oldest)]
    return [(Kind(kind), pk) for _, _, kind, pk in rows[:BATCH]]


def next_due() -> datetime | None:
    """When the next look at any row is due; None if there is no living row."""
    any_lane, _ = _firsts()
    return any_lane


def quiet_until() -> datetime | None:
    """Until when a drain would find nothing to do, and nobody to wait for, if nobody writes; None = for ever."""
    any_lane, person = _firsts()
    return min((moment for moment in (any_lane, person and person - LINGER) if moment), default=None)


def _firsts() -> tuple[datetime | None, datetime | None]:
    """When the first row is due, of any lane and of the person's."""
    told = [statements.moment(value) for value in statements.line(FIRSTS)]
    any_lane, person = (min((first for first in lane if first), default=None) for lane in (told[::2], told[1::2]))
    return any_lane, person


def _until_a_person_waits(at: datetime) -> float | None:
    """Seconds until the next row of the person's lane is due, if that is soon."""
    soon = at + LINGER
    first = statements.moment(statements.line(SOON, *[soon, at] * len(_TABLES))[0])
    return None if first is None else max(0.01, (first - at).total_seconds())
