"""What a machine costs at a place: the admin's own word, else what its kind reckons; and what was spent so far."""

import re
from collections.abc import Iterable, Sequence
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
TO = "\N{EN DASH}"


def size_of(manifest: Manifest) -> Size:
    """The size of machine that an app gets."""
    return Size(manifest.install_memory_mib, manifest.cpu, manifest.disk_mib, manifest.resources.processes)


def per_hour(place: Fabric, size: Size, turn: int = 0) -> Decimal:
    """What an hour costs, in the place's currency; nothing where nobody asks for money, or nobody knows.

    `turn`: how many machines of the same service found no room there before, so that this one may be of another kind.
    """
    found = _by_turns(place, size)
    return found[turn % len(found)]


def most_per_hour(place: Fabric, size: Size) -> Decimal:
    """What it costs at most, whatever kind of room the place has left."""
    return max(_by_turns(place, size))


def currency(place: Fabric) -> str:
    """In what it is told: what stands beside the number in the admin's own word, else an option, else US dollars."""
    said = re.sub(r"\d+(?:[.,]\d+)?", "", _said(place)).strip()
    return said or str(place.options.get("currency") or USUAL_CURRENCY)


def next_turn(place: Fabric, size: Size, turn: int, most: Decimal | None) -> int:
    """This turn, or the first one after it that costs no more than `most` an hour: nobody pays what they were not shown."""
    found = _by_turns(place, size)
    turns = range(turn, turn + len(found))
    return next((each for each in turns if most is None or found[each % len(found)] <= most), turn)


def per_day_told(place: Fabric, size: Size) -> str:
    """What a day costs, as people read it ("0.40 €"), up to the dearest that it may be; empty = nothing."""
    unit, least, most = currency(place), per_hour(place, size), most_per_hour(place, size)
    usual = told(least * HOURS_A_DAY, unit)
    dearest = told(most * HOURS_A_DAY, unit) if most > least else ""
    return _said(place) or (f"{usual.removesuffix(unit).strip() or 0}{TO}{dearest}" if dearest else usual)


def day_told(machine: Machine) -> str:
    """What a day of this very machine costs."""
    return told(machine.price_per_hour * HOURS_A_DAY, currency(machine.fabric))


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


def _by_turns(place: Fabric, size: Size) -> Sequence[Decimal]:
    if said := _said(place):
        number = re.search(r"\d+(?:[.,]\d+)?", said)
        return [Decimal(number[0].replace(",", ".")) / HOURS_A_DAY if number else NOTHING]
    kind = fabrics.kind(place.kind) if place.kind in fabrics.kinds() else None
    try:
        reckoned = kind.prices_per_hour(place.options, size) if isinstance(kind, Priced) else ()
    except ValueError:  # what is wrong with its options is told where machines are asked for
        reckoned = ()
    return reckoned or [NOTHING]


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
