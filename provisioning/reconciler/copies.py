"""Kept copies whose time is over: their people are reminded a week before, and none is deleted without."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from provisioning.errors import Stop
from provisioning.models import Archive, Deployment, Entry
from provisioning.models.entry import entry
from provisioning.phases import CopyKind, Happened, Phase
from provisioning.reconciler.world import World
from provisioning.step import Vault

BEFORE = timedelta(days=7)
TOGETHER = timedelta(days=1)
"""Copies of one event whose ends are no further apart are told of in one go: the first that is due takes them along."""
LATE = timedelta(minutes=10)
"""Housekeeping comes round when it can: a reminder that is no later than this is in time."""
AT_ONCE = 50
HALF_A_COPY = timedelta(days=7)

log = logging.getLogger(__name__)


def remind(at: datetime) -> None:
    """Write one reminder for each copy that has a week left, or half of a life that is shorter than two.

    What is reminded of too late, after an outage say, is kept for as much longer.
    """
    soon = _promised().filter(delete_at__lte=at + BEFORE + TOGETHER)
    copies = list(soon.select_related("deployment__owner", "deployment__event__owner").order_by("delete_at", "pk"))
    known = reminded(copies)
    events: dict[int, list[Archive]] = defaultdict(list)
    for copy in copies:
        if copy.pk not in known and not _has_nobody(copy):
            events[copy.deployment.event_id].append(copy)
    for untold in events.values():
        due = [copy.delete_at for copy in untold if copy.delete_at - _notice(copy) <= at]
        if due:
            _write([copy for copy in untold if copy.delete_at <= max(due) + TOGETHER], at)


def delete_old_copies(at: datetime, world: World) -> None:
    """Delete copies whose time is over; the row stays and says when. One that is being put up again stays until that is up."""
    old = _promised().filter(delete_at__lte=at).exclude(pk__in=_needed())
    copies = list(old.select_related("deployment__owner", "deployment__event__owner").order_by("delete_at", "pk"))
    known = reminded(copies)
    over = [copy for copy in copies if _has_nobody(copy) or (copy.pk in known and known[copy.pk] <= at)]
    for copy in over[:AT_ONCE]:
        if not _dropped(copy, world):
            break
        with transaction.atomic():
            Archive.objects.filter(pk=copy.pk).update(deleted_at=at)
            Entry.objects.write(copy.deployment, Happened.COPY, at=at, cause=f"deleted:{copy.pk}", deleted=copy.pk)


def delete_surplus(at: datetime, world: World) -> None:
    """Delete copies whose place newer ones have taken. Whoever asked for one finds it in the timeline; a night is no news."""
    surplus = Archive.objects.filter(deleted_at=None, is_surplus=True).exclude(pk__in=_needed())
    for copy in surplus.select_related("deployment__event").order_by("pk")[:AT_ONCE]:
        if not _dropped(copy, world):
            break
        with transaction.atomic():
            Archive.objects.filter(pk=copy.pk).update(deleted_at=at)
            if copy.kind == CopyKind.ASKED:
                Entry.objects.write(copy.deployment, Happened.COPY, at=at, cause=f"deleted:{copy.pk}", gave_way=copy.pk)


def clear_away(at: datetime, vault: Vault) -> None:
    """Throw away halves that nobody goes on with: what is longer at work than any copy may take."""
    try:
        vault.clear(at - HALF_A_COPY)
    except Stop as stop:
        log.warning("halves of copies could not be cleared away: %s", stop)


def _dropped(copy: Archive, world: World) -> bool:
    """Delete the bytes. False: where copies are kept nobody answers; the next round asks again."""
    try:
        world.vault.drop(copy.name)
    except Stop as stop:
        log.warning("copy %s could not be deleted yet: %s", copy.name, stop)
        return False
    return True


def _promised() -> QuerySet[Archive]:
    """Copies that are kept until a day: all but those of the nights of a service that runs, of which the next is made tonight."""
    runs = Q(kind=CopyKind.NIGHTLY) & ~Q(deployment__phase=Phase.GONE)
    return Archive.objects.filter(deleted_at=None, is_surplus=False).exclude(runs)


def _needed() -> QuerySet[Deployment, Any]:
    """Copies that are being put up again."""
    needed = Deployment.objects.filter(restored_from__isnull=False, ready_at=None).exclude(phase=Phase.GONE)
    return needed.values("restored_from")


def reminded(copies: Iterable[Archive]) -> Mapping[int, datetime]:
    """Until when each copy was promised to be kept, of those whose people were reminded."""
    causes = [_reminder(copy, copy.delete_at).cause for copy in copies]
    told = Entry.objects.filter(cause__in=causes).values_list("told", flat=True)
    return {one["copy"]: datetime.fromisoformat(one["until"]) for one in told}


def _write(copies: Sequence[Archive], at: datetime) -> None:
    """All in one: the first of them speaks for the others (portal/mail/notices.py)."""
    together = [copy.pk for copy in copies]
    until = {copy.pk: _until(copy, at) for copy in copies}
    with transaction.atomic():
        Entry.objects.write_all(
            _reminder(copy, at, until=until[copy.pk].isoformat(), copies=together) for copy in copies
        )
        for copy in copies:
            Archive.objects.filter(pk=copy.pk, delete_at__lt=until[copy.pk]).update(delete_at=until[copy.pk])


def _reminder(copy: Archive, at: datetime, **told: Any) -> Entry:
    return entry(copy.deployment, Happened.COPY, at=at, cause=f"reminder:{copy.pk}", copy=copy.pk, **told)


def _notice(copy: Archive) -> timedelta:
    return min(BEFORE, (copy.delete_at - copy.verified_at) / 2)


def _until(copy: Archive, at: datetime) -> datetime:
    """When it may be deleted if its people read of it now."""
    earliest = at + _notice(copy)
    return copy.delete_at if earliest - LATE <= copy.delete_at else earliest


def _has_nobody(copy: Archive) -> bool:
    """All whose copy it is have left for good: nobody can be reminded, and they asked for it to go."""
    return all(person.deleted_at for person in (copy.deployment.owner, copy.deployment.event.owner))
