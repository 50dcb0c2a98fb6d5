"""Before an event ends its people are warned; and the end waits for the last warning, if that could not leave in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Min, Q

from provisioning.models import Entry, Event, Mail
from provisioning.models.entry import entry
from provisioning.phases import Happened, Wanted

LATE = timedelta(minutes=10)
"""Housekeeping and post come round when they can: a warning that is no later than this is in time."""
SOON = timedelta(minutes=1)
"""Two rounds of housekeeping: of an end this close it is asked whether its people know."""
LONGEST_WAIT = timedelta(hours=24)
"""By so much at most an end moves because our warning was late."""


def warn(at: datetime) -> None:
    """Write a warning for each event whose end is near: one for the event, never one per service.

    Of the warnings in settings.WARNINGS only those count that lie after the launch and leave half of the life before them.
    """
    furthest = max(settings.WARNINGS, default=timedelta(0))
    for event, began in _living(closes_at__gt=at, closes_at__lte=at + furthest):
        for before in due_warnings(event.closes_at, began, at):
            Entry.objects.write_all([_warning(event, before, at)])


def due_warnings(closes_at: datetime, began: datetime, at: datetime) -> Sequence[timedelta]:
    """Which warnings are due by now; when several are, only the nearest to the end is worth sending."""
    return sorted(before for before in _fitting(closes_at, began) if closes_at - before <= at)[:1]


def next_warning(closes_at: datetime, began: datetime, at: datetime) -> datetime | None:
    """When the next one is due; None after the last."""
    return min((due for one in _fitting(closes_at, began) if (due := closes_at - one) > at), default=None)


def wait_for_warnings(at: datetime) -> None:
    """Move each end that has come, or nearly, while its people have not been told: as if they were told now."""
    for event, began in _living(closes_at__lte=at + SOON):
        before = owed(event, began)
        if before and at >= _in_time_until(event, before) and not _has_left(event, before):
            make_up(event, before, at)


def owed(event: Event, began: datetime) -> timedelta | None:
    """How long before the end its people must be told: the last warning that fits and that nobody's own wish has overtaken."""
    known_since = max((move.at for move in _moves(event)), default=event.created_at)
    return min((one for one in _fitting(event.closes_at, began) if event.closes_at - one >= known_since), default=None)


def is_late(event: Event, before: timedelta, at: datetime) -> bool:
    """Whether a warning that leaves now is the one that is owed, and too late."""
    is_owed = any(owed(living, began) == before for living, began in _living(pk=event.pk))
    return is_owed and at > _in_time_until(event, before)


def make_up(event: Event, before: timedelta, at: datetime) -> bool:
    """Let the event end as much later as its people are told later. Return False if it has moved by a day already."""
    to = min(at + max(before, LATE), agreed_end(event) + LONGEST_WAIT)
    return to > event.closes_at and event.move(to, by=None, at=at, is_late=True)


def agreed_end(event: Event) -> datetime:
    """When it would end if all our warnings had left in time."""
    agreed = event.closes_at
    for move in _moves(event):
        if not move.told.get("late"):
            break
        agreed = datetime.fromisoformat(move.told["was"])
    return agreed


def _fitting(closes_at: datetime, began: datetime) -> list[timedelta]:
    half = began + (closes_at - began) / 2
    return [before for before in settings.WARNINGS if half <= closes_at - before]


def _in_time_until(event: Event, before: timedelta) -> datetime:
    return event.closes_at - before + min(LATE, before)


def _living(**which: Any) -> list[tuple[Event, datetime]]:
    """Events with a service that is to be up, and since when the oldest of those is there."""
    up = Q(deployments__wanted=Wanted.UP)
    events = Event.objects.filter(**which).annotate(began=Min("deployments__created_at", filter=up))
    return [(event, event.began) for event in events.filter(began__isnull=False).order_by("pk")]


def _moves(event: Event) -> Sequence[Entry]:
    """How its end has moved, the last first."""
    return list(Entry.objects.filter(event=event, happened=Happened.EXTENSION).order_by("-at", "-pk"))


def _warning(event: Event, before: timedelta, at: datetime) -> Entry:
    seconds, end = int(before.total_seconds()), event.closes_at.isoformat()
    return entry(event, Happened.WARNING, at=at, cause=f"warning:{end}:{seconds}", before=seconds, closes_at=end)


def _has_left(event: Event, before: timedelta) -> bool:
    """It was written, turned into mails, and a mail server took every one of them."""
    written = Entry.objects.filter(cause=_warning(event, before, event.closes_at).cause, noticed=True)
    return written.exists() and not Mail.objects.filter(entry__in=written, sent_at=None).exists()
