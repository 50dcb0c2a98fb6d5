"""Whether this portal lives, and whether what is asked of it gets done: from the database, as every program sees it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.models import Heartbeat

SILENT_AFTER = timedelta(seconds=60)
"""The clock asks each kind of worker for a sign of life every 20 s."""
WORKERS = frozenset({"clicks", "sweep"})


def beat(worker: str, at: datetime) -> None:
    """Note that the clock asked and this worker heard."""
    Heartbeat.objects.update_or_create(program=worker, defaults={"at": at})


def silent(at: datetime) -> Sequence[str]:
    """The workers that were not heard for a minute. All of them: then it is the clock that stands."""
    heard = set(Heartbeat.objects.filter(at__gt=at - SILENT_AFTER).values_list("program", flat=True))
    return sorted(WORKERS - heard)
