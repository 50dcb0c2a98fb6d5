"""Questions to a place itself, asked because an admin pressed something: bounded, and answered in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.words import problem
from provisioning import fabrics
from provisioning.driver import Checkable, Driver, Hosts
from provisioning.errors import Stop
from provisioning.models import Fabric
from provisioning.reconciler import count_heads, the_world
from provisioning.reconciler.world import driver_of

WITHIN = 20.0


@dataclass(frozen=True)
class Said:
    """One thing that a check found, in the reader's language."""

    about: str
    fine: bool
    told: str


@dataclass(frozen=True)
class Stays:
    """What would be left at a place that we forget."""

    keys: Sequence[str]
    why: str = ""
    """Why nobody can say; "" = the place told."""

    @property
    def is_nothing(self) -> bool:
        """Whether the place itself says that nothing of ours is there."""
        return not self.keys and not self.why


def about(kind: str) -> str:
    """What a kind is, in a sentence; "" for one that is offered to nobody."""
    said = str(getattr(fabrics.kind(kind), "ABOUT", kind))
    return _(said) if said else ""


def why_not(stop: Stop, place: Fabric) -> str:
    """Why a place does not do what it was asked, for an admin: with the details."""
    return f"{problem(stop.code, '', stop.params, was_open=False, title=place.name).happened} ({stop})"


def driver_or_none(place: Fabric) -> Driver | None:
    """Its driver; None where its options make no sense to its kind any more."""
    try:
        return driver_of(place)
    except (ValueError, KeyError):
        return None


def checked(place: Fabric) -> Sequence[Said]:
    """Whether it would work: what its kind can check, else whether it answers."""
    driver = driver_or_none(place)
    if driver is None:
        return [Said(place.name, False, _("What is filled in does not fit together. Please change it."))]
    try:
        if isinstance(driver, Checkable):
            return [Said(one.about, one.fine, say(one.told, one.params)) for one in driver.check(within=WITHIN)]
        n = len(driver.roll_call(within=WITHIN).keys)
    except Stop as stop:
        return [Said(place.name, False, why_not(stop, place))]
    said = ngettext("It answers, and has %(n)d machine of ours.", "It answers, and has %(n)d machines of ours.", n)
    return [Said(place.name, True, said % {"n": n})]


def keeper_of(place: Fabric) -> Hosts | None:
    """Who knows its hosts; None for a place that makes its machines."""
    driver = driver_or_none(place)
    return driver if isinstance(driver, Hosts) else None


def what_stays(place: Fabric) -> Stays:
    """All that the place has of ours; why nobody can say, where it does not answer in full."""
    try:
        heads = count_heads(place, timezone.now(), the_world())
    except Stop as stop:
        return Stays(list(place.missed), why_not(stop, place))
    except (ValueError, KeyError):
        return Stays([], _("What is filled in does not fit together. Please change it."))
    return Stays(sorted(heads.theirs), "" if heads.complete else _("It does not tell of all that it has."))


def say(told: str, params: Mapping[str, Any]) -> str:
    """A marked sentence with its details, in the reader's language."""
    said = _(told) if told else ""
    return said % params if params else said
