"""The right to work on one row for a short time, and the only way to write to it meanwhile.

A lease is claimed by one conditional UPDATE, alike on SQLite and PostgreSQL, and carries a growing epoch. Every write says
"if the epoch is still mine"; a pass that was overtaken finds out at its first write and throws its work away.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import F

from provisioning.models import Admission, Entry, Reconciled
from provisioning.models.entry import entry
from provisioning.phases import Happened, Phase
from provisioning.reconciler.decide import ARROWS

Row = TypeVar("Row", bound=Reconciled)

LENGTH = timedelta(seconds=60)
LONGEST_CALL = 20.0
"""Seconds that one call to the outside may take."""
SAFETY = 10.0
"""Seconds of the lease that stay for writing down what a call brought."""

SLOW = 0.5
"""Seconds after which a pass reads the wish again between its steps."""


class LeaseLost(Exception):
    """Somebody else works on this row now. What this pass found out is stale; nothing needs doing."""


class Lease(Generic[Row]):
    """One claimed row. `row` is as it was when claimed, kept up to date with this lease's own writes."""

    def __init__(self, row: Row, at: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.row = row
        self.at = at
        self.epoch = row.lease_epoch
        self.wakes = row.wakes
        self.entries: list[Entry] = []
        self._monotonic = monotonic
        self._began = monotonic()

    @classmethod
    def claim(cls, rows: type[Row], pk: int, at: datetime) -> "Lease[Row] | None":
        """Take the lease if nobody holds it and the row is not gone."""
        free = rows._default_manager.filter(pk=pk, lease_until__lte=at).exclude(phase=Phase.GONE)
        if not free.update(lease_epoch=F("lease_epoch") + 1, lease_until=at + LENGTH):
            return None
        # Read after the claim: from here on only wishes and wakes may change under us.
        return cls(_whole(rows, pk), at)

    @property
    def within(self) -> float:
        """Seconds that an outside call may take now. Raises LeaseLost when too little is left to call at all."""
        left = LENGTH.total_seconds() - SAFETY - (self._monotonic() - self._began)
        if left < 1:
            raise LeaseLost
        return min(LONGEST_CALL, left)

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
    def admitting(self) -> Iterator[None]:
        """A fence behind the admission lock. Always in this order, so that two passes never lock crosswise."""
        with transaction.atomic():
            Admission.lock()
            self._write({"lease_epoch": self.epoch})
            yield

    def write(self, **columns: Any) -> None:
        """Write columns of the row, now. Raises LeaseLost."""
        self._write(columns)
        for name, value in columns.items():
            setattr(self.row, name, value)

    def note(self, happened: Happened, cause: str, **told: Any) -> None:
        """Keep an Entry for the end of the pass, where it is written together with the outcome."""
        self.entries.append(entry(self.row, happened, at=self.at, cause=cause, **told))

    def move(self, phase: Phase, **columns: Any) -> None:
        """Go to another phase. Raises ValueError for a move that is not among the arrows."""
        if phase not in ARROWS[Phase(self.row.phase)]:
            raise ValueError(f"{self.row.phase} → {phase} is not a move")
        was = self.row.phase
        with transaction.atomic():
            self.row.wake_parent(self.at)
            self.write(phase=phase, phase_at=self.at, step="", waiting_since=None, tries=0, **columns)
        self.note(Happened.PHASE, f"phase:{self.epoch}:{phase}", phase=phase, was=was)

    def release(self, next_look: datetime | None, **columns: Any) -> datetime | None:
        """End the pass: write the outcome and the Entries, give the lease back, say when the next look is due.

        A reason to look that came up meanwhile makes the row due at once. `None` is for rows that are gone.
        """
        mine = {"lease_until": self.at, "due_at": next_look, **columns}
        with transaction.atomic():
            quiet = self._mine().filter(wakes=self.wakes).update(**mine)
            if not quiet:
                if next_look is not None:
                    mine["due_at"] = next_look = self.at
                self._write(mine)
            Entry.objects.write_all(self.entries)
        return next_look

    def _mine(self) -> Any:
        return type(self.row)._default_manager.filter(pk=self.row.pk, lease_epoch=self.epoch)

    def _write(self, columns: dict[str, Any]) -> None:
        if not self._mine().update(**columns):
            raise LeaseLost


RELATED = {
    "Deployment": ("release__app", "event", "owner", "dataset", "route"),
    "Machine": ("release__app", "fabric", "deployment__event", "deployment__dataset"),
}
"""What a pass reads along with its row, in the same query."""


def _whole(rows: type[Row], pk: int) -> Row:
    return rows._default_manager.select_related(*RELATED[rows.__name__]).get(pk=pk)
