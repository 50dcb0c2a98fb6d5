"""What every page of an event's desk shows: the event, who is looking, and what they may."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal import gate
from portal.models import User
from portal.pages.timeline import Moment, timeline
from provisioning import prices
from provisioning.admission import Share, share_of
from provisioning.models import Entry, Event, JoiningCode, Machine, Membership, Visits
from provisioning.models.house import longest_event_of
from provisioning.phases import Happened, Phase, Wanted

MOMENTS = 100
OF_SERVICES = (
    Happened.WISH, Happened.PHASE, Happened.HEALTH, Happened.COPY, Happened.SUSPENSION, Happened.LOOK, Happened.MAIL,
    Happened.MOVE, Happened.LETTER,
)  # fmt: skip
"""What is told of services in the history of their event; each service's own page tells more."""


@dataclass(frozen=True)
class EventDesk:
    """An event as somebody sees it."""

    event: Event
    part: Membership | None
    is_counter: bool
    now: datetime

    @property
    def may_change(self) -> bool:
        """They organise it."""
        return self.part is not None and self.part.organises

    @property
    def sees_all(self) -> bool:
        """They see its people, limits, copies and history."""
        return self.may_change or self.is_counter

    @property
    def is_over(self) -> bool:
        """Its time is over."""
        return self.event.closes_at <= self.now

    @property
    def is_before(self) -> bool:
        """It has not opened yet."""
        return self.now < self.event.opens_at

    @property
    def may_launch(self) -> bool:
        """They may put up services for it."""
        return self.part is not None and not self.is_over and (self.may_change or self.event.all_launch)


def event_desk(user: User, event: Event, now: datetime) -> EventDesk:
    """Read what the desk shows: one query."""
    return EventDesk(event, gate.part_in(user, event), user.is_staff, now)


@dataclass(frozen=True)
class Limits:
    """What an event uses, and of how much."""

    machines: Sequence[Machine]
    people: int
    share: Share
    longest_days: int
    costs: Sequence["Cost"]

    @property
    def memory_mib(self) -> int:
        """What its services have taken."""
        return sum(machine.memory_mib for machine in self.machines)

    @property
    def paid(self) -> Sequence[tuple[str, str]]:
        """Those that run and whose place asks for money: the service, and what a day of it costs."""
        priced = ((one.deployment.title, _per_day(one)) for one in self.machines)
        return [(title, price) for title, price in priced if price]


def limits(event: Event, at: datetime) -> Limits:
    """Count: room is taken until a machine is gone."""
    machines = Machine.objects.filter(deployment__event=event).exclude(phase=Phase.GONE)
    return Limits(
        machines=list(machines.select_related("fabric", "deployment__release").order_by("pk")),
        people=Membership.objects.filter(event=event).count(),
        share=share_of(event.owner_id),
        longest_days=longest_event_of(event.owner_id).days,
        costs=costs(event, at),
    )


@dataclass(frozen=True)
class Cost:
    """What an event's machines cost, in one currency, as people read it."""

    so_far: str
    until_end: str
    """All of it, if everything that runs now runs to its end."""


def costs(event: Event, at: datetime) -> Sequence[Cost]:
    """Reckoned from the seconds of every machine that the event has had, and will have; one sum for each currency."""
    asked = Machine.objects.filter(deployment__event=event, price_per_hour__gt=0, asked_at__isnull=False)
    by_unit: dict[str, list[Machine]] = defaultdict(list)
    for machine in asked.select_related("fabric", "deployment").order_by("pk"):
        by_unit[prices.currency(machine.fabric)].append(machine)
    return [_cost(machines, unit, at, event) for unit, machines in sorted(by_unit.items())]


def _cost(machines: Sequence[Machine], unit: str, at: datetime, event: Event) -> Cost:
    so_far = prices.spent(machines, at)
    whole = so_far + prices.to_come(machines, at, event.closes_at)
    return Cost(prices.told(so_far, unit), prices.told(whole, unit))


def a_day(event: Event) -> str:
    """What a day of everything that runs in it costs, as people read it; empty = nothing."""
    living = Machine.objects.filter(deployment__event=event, wanted=Wanted.UP, price_per_hour__gt=0)
    by_unit: dict[str, Decimal] = defaultdict(Decimal)
    for machine in living.exclude(phase=Phase.GONE).select_related("fabric").order_by("pk"):
        by_unit[prices.currency(machine.fabric)] += machine.price_per_hour * prices.HOURS_A_DAY
    return " + ".join(prices.told(amount, unit) for unit, amount in sorted(by_unit.items()))


def _per_day(machine: Machine) -> str:
    return prices.day_told(machine)


def visitors_of(event: Event) -> int:
    """How many came to all its services so far; who came on three days counts three times."""
    return Visits.objects.filter(deployment__event=event).total()


def good_code(event: Event, at: datetime) -> JoiningCode | None:
    """The code by which people join it now."""
    found = JoiningCode.objects.select_related("event").filter(event=event, ended_at=None).first()
    return found if found and found.is_good(at) else None


def moments(event: Event) -> Sequence[Moment]:
    """What was done to this event and its services, newest first."""
    about = Entry.objects.select_related("by", "deployment").order_by("-at", "-pk")
    own = list(about.filter(event=event)[:MOMENTS])
    services = about.filter(deployment__event=event, machine=None, happened__in=OF_SERVICES)
    both = sorted([*own, *services[:MOMENTS]], key=lambda entry: (entry.at, entry.pk), reverse=True)
    return timeline(both[:MOMENTS], _called(event, both[:MOMENTS]))


def _called(event: Event, entries: Sequence[Entry]) -> dict[int, str]:
    """What those who did something, came or went are called here."""
    keys = {pk for entry in entries for pk in (entry.told.get("person"), entry.by_id) if pk is not None}
    here = Membership.objects.filter(event=event, person__in=keys).select_related("person")
    named = User.objects.filter(pk__in=keys).exclude(first_name="")
    return {person.pk: person.called for person in named} | {one.person_id: one.called for one in here if one.called}
