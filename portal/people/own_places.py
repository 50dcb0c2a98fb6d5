"""A person's own places: accounts at clouds, added with keys that nobody reads again, tried, capped, and taken away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.sentences import PROBLEMS
from provisioning import fabrics, prices
from provisioning.driver import Ownable
from provisioning.models import Entry, Fabric, Machine
from provisioning.phases import Happened, Phase
from provisioning.trying import last_trial, price_of_a_day

MOST = 5


def kinds() -> Sequence[str]:
    """Of which kinds one may add a place: those of which the house has one, whose other options it takes over."""
    prepared = set(Fabric.standing().filter(owner=None).values_list("kind", flat=True))
    return [name for name in fabrics.kinds() if name in prepared and isinstance(fabrics.kind(name), Ownable)]


def of(person: User) -> Sequence[Fabric]:
    """Those that they have."""
    return list(Fabric.standing().filter(owner=person).order_by("pk"))


class CapForm(forms.Form):
    """What may be spent in a month."""

    monthly_cap = forms.DecimalField(
        label=_("At most this much in a month"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_("Empty: no limit. A launch that would go beyond it waits and says so; what runs goes on."),
    )


@dataclass(frozen=True)
class Trial:
    """A trial as its page tells it."""

    machine: Machine
    steps: Sequence[tuple[str, str]]
    """Words, and done, now or later."""
    problem: str
    cost: str

    @property
    def is_over(self) -> bool:
        """Nothing is left of it."""
        return self.machine.phase == Phase.GONE

    @property
    def is_good(self) -> bool:
        """A machine was made, reached, and went."""
        return self.is_over and self.machine.ready_at is not None


def trial_of(place: Fabric, at: datetime) -> Trial | None:
    """The last one."""
    machine = last_trial(place)
    if machine is None:
        return None
    told = Entry.objects.filter(machine=machine).order_by("at", "pk")
    known = list(told.values_list("happened", "told"))
    done = {one["step"] for happened, one in known if happened == Happened.STEP}
    codes = [one["code"] for happened, one in known if happened == Happened.PROBLEM]
    cost = prices.told(prices.spent([machine], at), prices.currency(place))
    problem = PROBLEMS.get(codes[-1], PROBLEMS["our-mistake"]) if codes and not machine.ready_at else ""
    return Trial(machine, _steps(machine, done), str(problem) % {"title": place.name, **_params(known)}, cost)


def _params(known: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    told = [one.get("params", {}) for happened, one in known if happened == Happened.PROBLEM]
    return told[-1] if told else {}


def _steps(machine: Machine, done: set[str]) -> Sequence[tuple[str, str]]:
    is_gone = machine.phase == Phase.GONE
    lines = [
        (_now("The smallest machine is made"), "allocate" in done),
        (_now("It is reached"), "reach" in done),
        (_now("It is ended"), "remove" in done or is_gone),
        (_now("Nothing of it is left"), is_gone),
    ]
    stands, told = "now", []
    for words, is_done in lines:
        state = "done" if is_done else "later" if is_gone else stands
        told.append((words, state))
        stands = stands if is_done else "later"
    return told


@dataclass(frozen=True)
class OwnPlace:
    """One's own place as its page shows it."""

    place: Fabric
    machines: Sequence[Machine]
    """Those that are there, by our rows; a trial is one of them."""
    strays: Sequence[str]
    """Keys of those that the place names and we do not know."""
    spent: str
    cap: str
    smallest: str
    """What a day of the smallest machine costs."""
    trial: Trial | None


def seen(place: Fabric, at: datetime) -> OwnPlace:
    """Read what the page shows."""
    living = Machine.objects.filter(fabric=place).exclude(phase=Phase.GONE)
    begins, _ends = prices.month_of(at)
    unit = prices.currency(place)
    return OwnPlace(
        place=place,
        machines=list(living.select_related("deployment__event").order_by("pk")),
        strays=list(place.strays.filter(gone_at=None).order_by("key").values_list("key", flat=True)),
        spent=prices.told(prices.spent(prices.of_month(place, at), at, begins), unit),
        cap=f"{place.monthly_cap} {unit}" if place.monthly_cap is not None else "",
        smallest=price_of_a_day(place),
        trial=trial_of(place, at),
    )
