"""What places say by themselves about machines that leave. Nothing of it is believed: it is a reason to ask the place.

A message is taken away only when the machine's row has its reason to look, so a death in between means that it comes again,
which wakes a row twice and harms nothing. What names no machine of ours is left: the place gives it up by itself.
"""

import logging
from datetime import datetime

from django.db.models import QuerySet

from provisioning.driver import Departure, Tells
from provisioning.errors import Stop
from provisioning.models import Fabric, Machine
from provisioning.models.reconciled import woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Kind, Phase
from provisioning.reconciler.world import World

log = logging.getLogger(__name__)

WITHIN = 5.0
"""Seconds that one question may take; nobody waits for a message."""
ROUNDS = 10
"""Questions at one place in one go; what is left is fetched the next time."""


def listen(at: datetime, world: World) -> int:
    """Hear every place that tells, except those that do not answer at present. Return how many rows were woken."""
    return sum(
        _hear(fabric, at, world)
        for fabric in Fabric.standing().filter(away_since=None, hangs_until=None).order_by("pk")
    )


def _hear(fabric: Fabric, at: datetime, world: World) -> int:
    driver = world.driver(fabric)
    if not isinstance(driver, Tells):
        return 0
    woken_rows = 0
    try:
        for _ in range(ROUNDS):
            told = driver.departures(within=WITHIN)
            known = [departure for departure in told if _is_ours(fabric, departure)]
            for departure in known:
                woken_rows += _wake(fabric, departure, at)
                driver.heard(departure.receipt, within=WITHIN)
            if not known:
                break
    except Stop as stop:
        log.warning("what leaves %s could not be heard: %s", fabric.name, stop)
    return woken_rows


def _is_ours(fabric: Fabric, departure: Departure) -> bool:
    """Also one that is gone: that it left is no news, and need not be said again."""
    return bool(departure.place_id) and _named(fabric, departure).exists()


def _wake(fabric: Fabric, departure: Departure, at: datetime) -> int:
    living = _named(fabric, departure).exclude(phase=Phase.GONE)
    for pk in (pks := list(living.values_list("pk", flat=True))):
        log.info("%s says of machine %s: %s", fabric.name, departure.place_id, departure.told)
        nudge_on_commit(Kind.MACHINE, pk)
    return Machine.objects.filter(pk__in=pks).update(**woken(at))


def _named(fabric: Fabric, departure: Departure) -> "QuerySet[Machine]":
    return Machine.objects.filter(fabric=fabric, place_id=departure.place_id)
