"""A place that keeps everybody waiting delays nobody else: who has waited in vain says so, and the others do not begin to wait.

After a pause one pass tries again; as soon as the place answers anybody, all who wait for it go on. Its machines run on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic

from provisioning.errors import Blame, Stop, TryAgain
from provisioning.models import Fabric, Machine
from provisioning.models.reconciled import woken
from provisioning.phases import Phase

AWAY = "place-away"
TOO_LONG = 5.0
"""Seconds. A place that refuses at once delays nobody, and is asked again as anything else is."""
PAUSE = timedelta(seconds=30)


@contextmanager
def watched(fabric: Fabric, at: datetime) -> Iterator[None]:
    """Ask a place for something. Raises TryAgain, without asking, while it keeps others waiting."""
    if not _may_ask(fabric, at):
        raise TryAgain(AWAY, blame=Blame.FABRIC, after=PAUSE)
    began = monotonic()
    try:
        yield
    except Stop as stop:
        if not _is_away(stop):
            answered(fabric, at)
        elif monotonic() - began >= TOO_LONG:
            hangs(fabric, at)
        raise
    answered(fabric, at)


def hangs(fabric: Fabric, at: datetime) -> None:
    """Somebody has waited for it in vain."""
    Fabric.objects.filter(pk=fabric.pk).update(hangs_until=at + PAUSE)


def answered(fabric: Fabric, at: datetime) -> None:
    """It is there: whoever waits for it looks again now."""
    if fabric.hangs_until is not None and Fabric.objects.filter(pk=fabric.pk).update(hangs_until=None):
        waiting = Machine.objects.filter(fabric=fabric, waits_for=AWAY).exclude(phase=Phase.GONE)
        waiting.update(**woken(at))


def _is_away(stop: Stop) -> bool:
    """It did not answer. One host of many is not the place."""
    return stop.code == AWAY and "host" not in stop.params


def _may_ask(fabric: Fabric, at: datetime) -> bool:
    """Nobody waits for it in vain; or the pause is over, and this is the one that tries."""
    if fabric.hangs_until is None:
        return True
    ours = Fabric.objects.filter(pk=fabric.pk, hangs_until=fabric.hangs_until)
    return fabric.hangs_until <= at and ours.update(hangs_until=at + PAUSE) == 1
