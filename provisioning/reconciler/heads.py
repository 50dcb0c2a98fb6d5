"""Head count: who is at a place as our rows say, and as the place itself says."""

from dataclasses import dataclass
from datetime import datetime

from provisioning.driver import RollCall
from provisioning.models import Fabric, Machine
from provisioning.phases import Phase
from provisioning.reconciler.world import World

WITHIN = 20.0


@dataclass(frozen=True)
class Heads:
    """Both sides of one count, by key."""

    ours: frozenset[str]
    """Machines that we have asked for and not seen gone."""
    theirs: frozenset[str]
    """All that carry our label there, what is only left of one among them."""
    strays: frozenset[str]
    """They have it, and no living row of ours knows it."""
    ghosts: frozenset[str]
    """We count on it, and they do not have it. None while the list is incomplete: that proves no absence."""
    complete: bool

    @property
    def agree(self) -> bool:
        """Whether both say the same. An incomplete list agrees with nothing."""
        return self.complete and not self.strays and not self.ghosts


def count_heads(fabric: Fabric, at: datetime, world: World, *, within: float = WITHIN) -> Heads:
    """Ask the place, and compare. Looks only. Raises Stop when it does not answer."""
    driver = world.driver(fabric)
    return compare(fabric, driver.roll_call(within=within), settled=at - driver.settling)


def compare(fabric: Fabric, roll: RollCall, *, settled: datetime) -> Heads:
    """Lay a place's list beside our rows. Of a machine that was asked for after `settled`, an absence says nothing."""
    rows = Machine.objects.filter(fabric=fabric).exclude(phase=Phase.GONE)
    told = rows.values_list("key", "asked_at", "removal_asked_at")
    known = frozenset(key for key, _, _ in told)
    asked = frozenset(key for key, asked, _ in told if asked)
    awaited = frozenset(key for key, asked, leaves in told if asked and asked <= settled and not leaves)
    ghosts = awaited - (roll.keys - roll.remains) if roll.complete else frozenset()
    return Heads(asked, roll.keys, roll.keys - known, ghosts, roll.complete)
