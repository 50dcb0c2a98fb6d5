"""The regular look at every due row, and the housekeeping that belongs to no row in particular."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from provisioning.models import Deployment, Machine
from provisioning.phases import Kind, Lane, Phase
from provisioning.reconciler.walk import reconcile
from provisioning.reconciler.world import World

SLICE = timedelta(seconds=5)
"""A drain gives its thread back after this; the next one goes on."""
BATCH = 10
"""Rows listed at once; each is still claimed by itself. Every batch begins with the oldest of any lane, so nothing starves."""
LINGER = 1.0
"""Seconds that a drain may wait for a row on which a person waits."""

Clock = Callable[[], datetime]


def drain(clock: Clock, world: World, pause: Callable[[float], None] = time.sleep) -> int:
    """Look at due rows, most urgent first, until nothing is due or the slice is used up. Return how many passes were made."""
    ends_at = clock() + SLICE
    passes = 0
    while (at := clock()) < ends_at:
        batch = list(due(at))
        for kind, pk in batch:
            reconcile(kind, pk, at=clock(), world=world)
            passes += 1
            if clock() >= ends_at:
                return passes
        if not batch:
            soon = _until_a_person_waits(at)
            if soon is None:
                return passes
            pause(soon)
    return passes


def due(at: datetime) -> Iterator[tuple[Kind, int]]:
    """The rows of one batch: the oldest of any lane, then by lane and time."""
    oldest = _oldest(at)
    if not oldest:
        return  # nothing of any lane is due: the commonest answer, for two questions
    seen: set[tuple[Kind, int]] = set()
    for found in (oldest, *(_of_lane(lane, at) for lane in Lane)):
        for row in found:
            if row not in seen:
                seen.add(row)
                yield row
        if len(seen) >= BATCH:
            return


def next_due() -> datetime | None:
    """When the next look at any row is due; None if there is no living row."""
    firsts = [
        rows._default_manager.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()
        for rows in (Deployment, Machine)
    ]
    return min((first for first in firsts if first is not None), default=None)


def _oldest(at: datetime) -> list[tuple[Kind, int]]:
    oldest = [
        (row.due_at, kind, row.pk)
        for kind, rows in _ROWS
        if (row := _free(rows, at).only("pk", "due_at").order_by("due_at").first()) and row.due_at
    ]
    return [(kind, pk) for _, kind, pk in sorted(oldest)[:1]]


def _of_lane(lane: Lane, at: datetime) -> list[tuple[Kind, int]]:
    found = [
        (due_at, kind, pk)
        for kind, rows in _ROWS
        for due_at, pk in _free(rows, at).filter(lane=lane).order_by("due_at").values_list("due_at", "pk")[:BATCH]
    ]
    return [(kind, pk) for _, kind, pk in sorted(found)]


def _until_a_person_waits(at: datetime) -> float | None:
    """Seconds until the next row of the person's lane is due, if that is soon."""
    soon = at + timedelta(seconds=LINGER)
    firsts = [
        rows._default_manager.filter(lane=Lane.PERSON, due_at__lte=soon, lease_until__lte=at)
        .exclude(phase=Phase.WAITING)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
        for _, rows in _ROWS
    ]
    first = min((due_at for due_at in firsts if due_at is not None), default=None)
    return None if first is None else max(0.01, (first - at).total_seconds())


_ROWS: tuple[tuple[Kind, type[Deployment] | type[Machine]], ...] = (
    (Kind.DEPLOYMENT, Deployment),
    (Kind.MACHINE, Machine),
)


def _free(rows: type[Deployment] | type[Machine], at: datetime) -> "QuerySet[Deployment] | QuerySet[Machine]":
    return rows._default_manager.filter(due_at__lte=at, lease_until__lte=at)
