"""Housekeeping that belongs to no row in particular: ends, warnings, head counts, old copies."""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from django.db.models import F

from provisioning.driver import RollCall
from provisioning.errors import Stop
from provisioning.models import Admission, Deployment, Fabric, Machine, Route, Stray
from provisioning.models.reconciled import woken
from provisioning.phases import Phase
from provisioning.reconciler import breaker
from provisioning.reconciler.copies import delete_old_copies, delete_surplus, remind
from provisioning.reconciler.heads import WITHIN, compare
from provisioning.reconciler.warnings import wait_for_warnings, warn
from provisioning.reconciler.world import World

log = logging.getLogger(__name__)

STRANGER_FOR = timedelta(minutes=10)
"""A machine without a row must be met in two complete lists this far apart before it is removed."""
STRAYS_AT_ONCE = 5
"""Most strays removed in one head count: a wrong list must not empty a place (faults 5.10)."""


def keep(at: datetime, world: World) -> None:
    """Do all of it once. Each part is repeatable, and none hinders the next: a mistake is raised when all are done."""
    with ExitStack() as last_first:
        if is_free := not Admission.objects.filter(quarantined=True).exists():
            last_first.callback(delete_surplus, at, world)
            last_first.callback(delete_old_copies, at, world)
            last_first.callback(remind, at)
        last_first.callback(take_away_old_lines, world)
        # Those that keep people waiting come last, and are waited for less.
        for fabric in Fabric.standing().order_by(F("hangs_until").asc(nulls_last=True), "-pk"):
            last_first.callback(head_count, fabric, at, world)
        last_first.callback(warn, at)
        if is_free:  # in quarantine none: an end may have been moved since the backup
            last_first.callback(end_what_is_over, at)
            last_first.callback(wait_for_warnings, at)


def end_what_is_over(at: datetime) -> int:
    """Ask every deployment whose time is over to go. Return how many were asked."""
    return sum(deployment.end(at=at) for deployment in _over(at))


def _over(at: datetime) -> Sequence[Deployment]:
    return list(Deployment.objects.ending(at).order_by("expires_at", "pk")[:500])


def head_count(fabric: Fabric, at: datetime, world: World) -> None:
    """Compare what a place has with what our rows say. Rows that miss their machine are woken; strays are dealt with."""
    driver = world.driver(fabric)
    began, hangs = time.monotonic(), fabric.hangs_until is not None and fabric.hangs_until > at
    try:
        roll = driver.roll_call(within=breaker.TOO_LONG if hangs else WITHIN)
    except Stop as stop:
        log.warning("no head count at %s: %s", fabric.name, stop)
        Fabric.objects.filter(pk=fabric.pk, away_since=None).update(away_since=at)
        if time.monotonic() - began >= breaker.TOO_LONG and not hangs:
            breaker.hangs(fabric, at)
        return
    breaker.answered(fabric, at)
    Fabric.objects.filter(pk=fabric.pk).update(away_since=None)
    if roll.complete:
        heads = compare(fabric, roll, settled=at - driver.settling)
        told = {"counted": len(roll.keys), "counted_at": at, "missed": sorted(heads.ghosts)}
        Fabric.objects.filter(pk=fabric.pk).update(**told)
        _wake_missing(fabric, roll, at)
        _deal_with_strays(fabric, roll, at, world)


def _wake_missing(fabric: Fabric, roll: RollCall, at: datetime) -> None:
    """An absence in a list proves nothing by itself: the row is only given a reason to look."""
    had = Machine.objects.filter(fabric=fabric, phase__in=[Phase.READY, Phase.FAILED], sighting__seen="running")
    there = roll.keys - roll.remains
    missing = [pk for pk, key in had.values_list("pk", "key") if key not in there]
    Machine.objects.filter(pk__in=missing).update(**woken(at))


def _deal_with_strays(fabric: Fabric, roll: RollCall, at: datetime, world: World) -> None:
    ours = set(Machine.objects.filter(fabric=fabric).exclude(phase=Phase.GONE).values_list("key", flat=True))
    strays = roll.keys - ours
    Stray.objects.filter(fabric=fabric, gone_at=None).exclude(key__in=strays).update(gone_at=at)
    for key in strays:
        Stray.objects.get_or_create(fabric=fabric, key=key, defaults={"first_seen_at": at})
    Stray.objects.filter(fabric=fabric, key__in=strays).update(gone_at=None)
    if not strays:
        Fabric.objects.filter(pk=fabric.pk).update(agreed_at=at)
    elif not Admission.objects.filter(quarantined=True).exists():
        _remove_strays(fabric, at, world)


def _remove_strays(fabric: Fabric, at: datetime, world: World) -> None:
    known = Stray.objects.filter(fabric=fabric, gone_at=None, first_seen_at__lte=at - STRANGER_FOR)
    for stray in known.order_by(F("removal_asked_at").asc(nulls_first=True), "first_seen_at")[:STRAYS_AT_ONCE]:
        Stray.objects.filter(pk=stray.pk).update(removal_asked_at=at)
        try:
            world.driver(fabric).remove(stray.key, within=WITHIN)
        except Stop as stop:
            log.warning("stray %s at %s could not be removed yet: %s", stray.key, fabric.name, stop)


def take_away_old_lines(world: World) -> None:
    """Take away lines of the front door that no row wants: a worker may draw one after it was overtaken."""
    try:
        # The lines first: a row is there before its line, and not as long.
        names = {line.name for line in world.front_door.lines(within=WITHIN)}
        wanted = set(Route.objects.filter(is_live=True).values_list("deployment__key", flat=True))
        if names <= wanted or Admission.objects.filter(quarantined=True).exists():
            return
        for name in names - wanted:
            world.front_door.drop(name, within=WITHIN)
    except Stop as stop:
        log.warning("old lines of the front door could not be taken away: %s", stop)
