"""The clock: Celery's beat, which asks before it sends.

Most rounds would find nothing to do, and a message costs twenty times as much as asking the database whether there is work.
"""

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from celery.beat import Scheduler
from django.db import Error, close_old_connections
from django.utils.timezone import now

from catalog import checks
from portal.camera import album
from portal.hook import calls
from portal.mail import notices, outbox
from provisioning import reconciler

TICK = 2
"""Seconds: the clock ticks when so many divide the time. Who has clicked is not kept waiting by it; that is a message."""

HAS_WORK: Mapping[str, Callable[[datetime], bool]] = {
    "drain": reconciler.is_any_due,
    "mirrors": reconciler.is_any_mirror_old,
    "post": lambda at: notices.is_any_unread() or outbox.is_any_due(at),
    "tell": lambda _: calls.is_anybody_told(),
    "look": checks.is_any_asked,
    "photograph": album.is_any_due,
}
"""What is asked, by the name in the timetable (`portal.celery`); whatever has no question is sent each time."""


class Clock(Scheduler):
    """Sleeps until something is due, and sends it if there is work for it."""

    def tick(self, *words: Any) -> Any:
        """Send what is due first; return the seconds until the next is."""
        close_old_connections()
        return to_the_tick(super().tick(*words), time.time())

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send what is due."""
        if has_work(entry.name):
            super().apply_entry(entry, producer)


def to_the_tick(seconds: float, at: float) -> float:
    """How long to sleep so that whatever is due within one tick is sent in one go: to wake costs more than to look."""
    return math.ceil((at + seconds) / TICK) * TICK - at if seconds > 0 else seconds


def has_work(name: str) -> bool:
    """Whether there is work for this task. Yes, if the database does not say: the task meets the same, and tells of it."""
    if name not in HAS_WORK:
        return True
    try:
        return HAS_WORK[name](now())
    except Error:
        return True
