"""Counting visitors: what the front door noted becomes a number for each service and day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from django.db import transaction

from provisioning.front_door import visits
from provisioning.models import Route, VisitLog, Visits
from provisioning.step import FrontDoor

WITHIN = 10.0


def count_visits(at: datetime, door: FrontDoor, file: Path) -> None:
    """Read on in the front door's log, and see that it marks by the key of this day. Raises TryAgain.

    A day is a key's: what comes before the new key is made still belongs to the day before.
    """
    log = VisitLog.here()
    if log.day:
        take_in(log, file)
    log.turn(at.date())
    door.mark_visits(visits.key_of(at.date(), file), within=WITHIN)


def take_in(log: VisitLog, file: Path) -> None:
    """Count who came since this was read; nobody, if somebody else has counted them meanwhile."""
    seen, place = visits.read(file, visits.Place(log.file, log.offset))
    if log.day is None or place == visits.Place(log.file, log.offset):
        return
    services = _services(host for host, _ in seen)
    marks: dict[int, set[bytes]] = defaultdict(set)
    for host, mark in seen:
        if service := services.get(host) or services.get(_name(host)):
            marks[service].add(bytes.fromhex(mark))
    with transaction.atomic():
        if log.read_on(place.file, place.offset):
            for service in sorted(marks):
                Visits.objects.take(service, log.day, marks[service])


def _services(hosts: Iterable[str]) -> Mapping[str, int]:
    """Whose these hosts are; of several that had one after the other, whose it is now."""
    named = {name for host in hosts for name in (host, _name(host))}
    lines = Route.objects.filter(host__in=named).order_by("is_live", "pk")
    return dict(lines.values_list("host", "deployment_id"))


def _name(host: str) -> str:
    return host.partition(":")[0].rstrip(".")
