"""The right to work on one row for a short time, and the only way to write to it meanwhile.

A lease is claimed by one conditional UPDATE, alike on SQLite and PostgreSQL, and carries a growing epoch. Every write says
"if the epoch is still mine"; a pass that was overtaken finds out at its first write and throws its work away.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import transaction

from catalog.models import Dataset, Release
from provisioning.models import Admission, Deployment, Entry, Event, Fabric, Machine, Reconciled, statements
from provisioning.models.entry import entry
from provisioning.phases import Happened, Phase
from provisioning.reconciler.decide import ARROWS
from provisioning.trying import nothing_to_run

Row = TypeVar("Row", bound=Reconciled)

LENGTH = timedelta(seconds=60)
LONGEST_CALL = 20.0
"""Seconds that one call to the outside may take."""
SAFETY = 10.0
"""Seconds of the lease that stay for writing down what a call brought."""

SLOW = 0.5
"""Seconds after which a pass reads the wish again between its steps."""


class LeaseLost(Exception):  # noqa: N818 - not an error
    """Somebody else works on this row now. What this pass found out is stale; nothing needs doing."""


class Lease(Generic[Row]):
    """One claimed row. `row` is as it was when claimed, kept up to date with this lease's own writes."""

    def __init__(self, row: Row, at: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.row = row
        self.at = at
        self.epoch = row.lease_epoch
        self.wakes = row.wakes
        self.entries: list[Entry] = []
        self._pending: dict[str, Any] = {}
        self._moved = False
        self._monotonic = monotonic
        self._began = self._renewed = monotonic()

    @classmethod
    def claim(cls, rows: type[Row], pk: int, at: datetime) -> "Lease[Row] | None":
        """Take the lease if nobody holds it and the row is not gone."""
        row = statements.claim(rows, pk, at, at + LENGTH)
        return None if row is None else cls(_with_relations(row), at)

    @property
    def within(self) -> float:
        """Seconds that an outside call may take now. Raises LeaseLost when too little is left to call at all."""
        left = LENGTH.total_seconds() - SAFETY - (self._monotonic() - self._renewed)
        if left < 1:
            raise LeaseLost
        return min(LONGEST_CALL, left)

    def renew(self) -> None:
        """Hold the row for as long again, if a third of the time is over. Raises LeaseLost."""
        now = self._monotonic()
        if now - self._renewed > LENGTH.total_seconds() / 3:
            self.write(lease_until=self.at + timedelta(seconds=now - self._began) + LENGTH)
            self._renewed = now

    def was_slow(self) -> bool:
        """Say whether this pass has taken so long that somebody may have wished for something else."""
        return self._monotonic() - self._began > SLOW

    def wish_now(self) -> str:
        """What is asked of the row at this moment."""
        return str(type(self.row)._default_manager.values_list("wanted", flat=True).get(pk=self.row.pk))

    @contextmanager
    def fence(self) -> Iterator[None]:
        """A transaction in which other rows may be written, only if this lease is still ours."""
        with transaction.atomic():
            self._write({"lease_epoch": self.epoch})
            yield

    @contextmanager
    def admitting(self) -> Iterator[Admission]:
        """A fence behind the admission lock. Always in this order, so that two passes never lock crosswise."""
        with transaction.atomic():
            turn = Admission.lock()
            self._write({"lease_epoch": self.epoch})
            yield turn

    def write(self, **columns: Any) -> None:
        """Write columns of the row now, because something outside must not happen before they are there. Raises LeaseLost."""
        self._write(columns)
        for name, value in columns.items():
            setattr(self.row, name, value)
            self._pending.pop(name, None)

    def set(self, **columns: Any) -> None:
        """Set columns of the row; they are written at the end of the pass. For what the next pass would find out again."""
        self._pending |= columns
        for name, value in columns.items():
            setattr(self.row, name, value)

    def note(self, happened: Happened, cause: str, **told: Any) -> None:
        """Keep an Entry for the end of the pass, where it is written together with the outcome."""
        self.entries.append(entry(self.row, happened, at=self.at, cause=cause, **told))

    def move(self, phase: Phase, told: Mapping[str, Any] | None = None, **columns: Any) -> None:
        """Go to another phase, at the end of the pass; `told`: what else the Entry tells. Raises ValueError for a move
        that is not among the arrows.
        """
        was = Phase(self.row.phase)
        if phase not in ARROWS[was]:
            raise ValueError(f"{was} → {phase} is not a move")
        self.note(Happened.PHASE, f"phase:{self.epoch}:{phase}", phase=phase, was=was, **(told or {}))
        self.set(phase=phase, phase_at=self.at, step="", waiting_since=None, waits_for="", tries=0, **columns)
        self._moved = True

    def forget(self) -> None:
        """Throw away what this pass was about to write: it may be the very thing that cannot be written."""
        self._pending.clear()
        self.entries.clear()
        self._moved = False
        self.row.refresh_from_db()

    def release(self, next_look: datetime | None) -> datetime | None:
        """End the pass: write the outcome and the Entries, give the lease back, say when the next look is due.

        In the caller's transaction, if there is one. A reason to look that came up meanwhile makes the row due at once.
        `None` is for rows that are gone.
        """
        pending = {"lease_until": self.at, "due_at": next_look, **self._pending}
        with transaction.atomic(savepoint=False):
            if self._moved:
                self.row.wake_parent(self.at)
            if not statements.write(self.row, self.epoch, pending, wakes=self.wakes):
                if next_look is not None:
                    pending["due_at"] = next_look = self.at
                self._write(pending)
            Entry.objects.write_all(self.entries)
        return next_look

    def _write(self, columns: dict[str, Any]) -> None:
        if not statements.write(self.row, self.epoch, columns):
            raise LeaseLost


def _with_relations(row: Row) -> Row:
    """Read what a pass needs along with its row. Releases are frozen, and read once per process."""
    if isinstance(row, Deployment | Machine):
        row.release = _release(row.release_id) if row.release_id else nothing_to_run()
    if isinstance(row, Machine):
        row.fabric = statements.read(Fabric, row.fabric_id)
    if isinstance(row, Machine) and row.deployment_id is not None:
        row.deployment = statements.read(Deployment, row.deployment_id)
        row.deployment.event = statements.read(Event, row.deployment.event_id)
        row.deployment.dataset = _dataset(row.deployment.dataset_id)
    return row


def _dataset(pk: int | None) -> Dataset | None:
    return None if pk is None else statements.read(Dataset, pk)


@lru_cache(maxsize=256)
def _release(pk: int) -> Release:
    return Release.objects.select_related("app").get(pk=pk)
