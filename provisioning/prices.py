"""What a machine costs at a place: the admin's own word, else what its kind reckons; and what was spent so far."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import QuerySet

from catalog.manifest import Manifest
from provisioning import fabrics
from provisioning.driver import Priced, Size
from provisioning.models import Fabric, Machine
from provisioning.phases import Phase, Wanted

HOURS_A_DAY = 24
NOTHING = Decimal(0)
USUAL_CURRENCY = "USD"


def size_of(manifest: Manifest) -> Size:
    """The size of machine that an app gets."""
    return Size(manifest.install_memory_mib, manifest.cpu, manifest.disk_mib, manifest.resources.processes)


def per_hour(place: Fabric, size: Size) -> Decimal:
    """What an hour costs, in the place's currency; nothing where nobody asks for money, or nobody knows."""
    if said := _said(place):
        number = re.search(r"\d+(?:[.,]\d+)?", said)
        return Decimal(number[0].replace(",", ".")) / HOURS_A_DAY if number else NOTHING
    kind = fabrics.kind(place.kind) if place.kind in fabrics.kinds() else None
    try:
        reckoned = kind.price_per_hour(place.options, size) if isinstance(kind, Priced) else None
    except ValueError:  # what is wrong with its options is told where machines are asked for
        reckoned = None
    return reckoned or NOTHING


def currency(place: Fabric) -> str:
    """In what it is told: what stands beside the number in the admin's own word, else an option, else US dollars."""
    said = re.sub(r"\d+(?:[.,]\d+)?", "", _said(place)).strip()
    return said or str(place.options.get("currency") or USUAL_CURRENCY)


def per_day_told(place: Fabric, size: Size) -> str:
    """What a day costs, as people read it ("0.40 €"); empty = nothing, as with machines of one's own."""
    return _said(place) or told(per_hour(place, size) * HOURS_A_DAY, currency(place))


def told(amount: Decimal, unit: str) -> str:
    """An amount as people read it; less than a cent is told exactly. Empty = nothing."""
    digits = 2 if amount >= Decimal("0.1") else 4
    return f"{amount:.{digits}f} {unit}" if amount else ""


def spent(machines: Iterable[Machine], at: datetime, since: datetime | None = None) -> Decimal:
    """What these have cost until now: every second since each was asked for, until it was seen absent."""
    return sum((_cost(machine, max(since or _began(machine), _began(machine)), _left(machine, at)) for machine in machines),
               NOTHING)  # fmt: skip


def to_come(machines: Iterable[Machine], at: datetime, until: datetime) -> Decimal:
    """What those of them that run will cost until their services end, or until `until`. Wants `deployment`."""
    living = [one for one in machines if one.phase != Phase.GONE and one.wanted == Wanted.UP and not one.is_trial]
    return sum((_cost(one, at, min(one.deployment.expires_at, until)) for one in living), NOTHING)


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """When its month begins, and when the next one does; of UTC, as clouds bill."""
    first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    later = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    return first, later


def of_month(place: Fabric, at: datetime) -> "QuerySet[Machine]":
    """The machines that have cost something here this month."""
    begins, _ = month_of(at)
    paid = Machine.objects.filter(fabric=place, price_per_hour__gt=0).exclude(asked_at=None)
    return paid.exclude(absent_at__lt=begins).select_related("deployment").order_by("pk")


def goes_beyond(place: Fabric, hour: Decimal, until: datetime, at: datetime) -> bool:
    """Whether one more machine at this price until then would cost more than this month's cap; all are counted to their ends."""
    if place.monthly_cap is None:
        return False
    begins, ends = month_of(at)
    others = list(of_month(place, at))
    bound = spent(others, at, begins) + to_come(others, at, ends)
    return bound + hour * _hours(at, min(until, ends)) > place.monthly_cap


def _said(place: Fabric) -> str:
    return str(place.options.get("price_per_day", ""))


def _began(machine: Machine) -> datetime:
    return machine.asked_at or machine.created_at


def _left(machine: Machine, at: datetime) -> datetime:
    return machine.phase_at if machine.phase == Phase.GONE else at


def _cost(machine: Machine, since: datetime, until: datetime) -> Decimal:
    return machine.price_per_hour * _hours(since, until)


def _hours(since: datetime, until: datetime) -> Decimal:
    return max(NOTHING, Decimal((until - since).total_seconds()) / 3600)
