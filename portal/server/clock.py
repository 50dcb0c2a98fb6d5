"""The clock: Celery's beat, which asks before it sends.

Most rounds would find nothing to do, and a message costs twenty times as much as asking the database whether there is work.
Asking costs four times as much as looking whether anybody has written since: where that can be seen, it is looked at first.
"""

import math
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from celery.beat import Scheduler
from django.db import Error, close_old_connections, connection
from django.utils.timezone import now

from catalog import checks
from portal.camera import album
from portal.hook import calls
from portal.mail import notices, outbox
from provisioning import reconciler

TICK = 2
"""Seconds: the clock ticks when so many divide the time. Who has clicked is not kept waiting by it; that is a message."""
ASKED_EVERY = 10
"""Seconds after which all is asked although nobody has written, and no row is due: an old mirror, a mail's next try."""

HAS_WORK: Mapping[str, Callable[[datetime], bool]] = {
    "drain": reconciler.is_any_due,
    "mirrors": reconciler.is_any_mirror_old,
    "post": lambda at: notices.is_any_unread() or outbox.is_any_due(at),
    "tell": lambda _: calls.is_anybody_told(),
    "look": checks.is_any_asked,
    "photograph": album.is_any_due,
}
"""What is asked, by the name in the timetable (`portal.celery`); whatever has no question is sent each time."""


class Rest:
    """The time in which nothing need be asked: nobody writes, no row comes due."""

    def __init__(self) -> None:
        self.written: object = None
        self.until = 0.0

    def begin(self, at: float) -> None:
        """All that was due at this time was sent. Not for long, because time alone makes work too."""
        if self.written is None:
            return  # nobody can tell whether it is over: the next tick asks anyway
        longest = (at // ASKED_EVERY + 1) * ASKED_EVERY
        try:
            soon = reconciler.quiet_until()
        except Error:
            self.until = at
            return
        self.until = longest if soon is None else min(longest, soon.timestamp())

    def is_over(self, at: float) -> bool:
        """To be asked at the beginning of a round: what is written from now on is for the next."""
        before, self.written = self.written, last_written()
        return self.written is None or self.written != before or at >= self.until


class Clock(Scheduler):
    """Sleeps until something is due, and sends it if there is work for it."""

    in_round = False

    @cached_property
    def rest(self) -> Rest:
        """Between two rounds."""
        return Rest()

    def tick(self, *words: Any) -> Any:
        """Send the first thing that is due, if there is work for it; return the seconds until the next is, at a tick."""
        if not self.in_round:
            if not self.rest.is_over(time.time()):
                return to_the_tick(0.01, time.time())
            self.in_round = True
            close_old_connections()
        if (seconds := super().tick(*words)) > 0:
            self.in_round = False
            self.rest.begin(time.time())
        return to_the_tick(seconds, time.time())

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send what is due."""
        if has_work(entry.name):
            super().apply_entry(entry, producer)


def to_the_tick(seconds: float, at: float) -> float:
    """How long to sleep so that whatever is due within one tick is sent in one go: to wake costs more than to look."""
    return math.ceil((at + seconds) / TICK) * TICK - at if seconds > 0 else seconds


def last_written() -> object:
    """When the database was written to last, as its journal tells; None where it has none in a file."""
    try:
        told = os.stat(journal())  # noqa: PTH116 - at rest this is all there is to do
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


@cache
def journal() -> str:
    """The file to which SQLite writes first; "" with another database."""
    return f"{connection.settings_dict['NAME']}-wal" if connection.vendor == "sqlite" else ""


def has_work(name: str) -> bool:
    """Whether there is work for this task. Yes, if the database does not say: the task meets the same, and tells of it."""
    if name not in HAS_WORK:
        return True
    try:
        return HAS_WORK[name](now())
    except Error:
        return True
