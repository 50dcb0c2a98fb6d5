"""When the next copy of a running service is made by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from operator import attrgetter

from provisioning.models import House, Machine
from provisioning.nights import next_night
from provisioning.phases import Phase, Wanted


@dataclass(frozen=True)
class Night:
    """A moment, and the zone of whoever reads of it."""

    at: datetime
    zone: tzinfo

    @property
    def clock(self) -> str:
        """Hours and minutes there: "02:40"."""
        return f"{self.at.astimezone(self.zone):%H:%M}"


def tonight(machines: Iterable[Machine], at: datetime) -> Night | None:
    """When the first copy of any of these is made; None if they keep nothing, do not run, end before, or the house wants none."""
    nights = [_night(machine, at) for machine in machines if _runs(machine)]
    if not nights or not House.here().nightly_copies:
        return None
    return min((night for night, ends_at in nights if night.at < ends_at), key=attrgetter("at"), default=None)


def _night(machine: Machine, at: datetime) -> tuple[Night, datetime]:
    """Its next one, and when it ends."""
    zone = machine.deployment.event.tzinfo
    return Night(next_night(machine.key, zone, at), zone), machine.deployment.expires_at


def _runs(machine: Machine) -> bool:
    deployment = machine.deployment
    is_open = deployment.phase == Phase.READY and deployment.wanted == Wanted.UP and not deployment.suspend_wanted
    return is_open and machine.phase == Phase.READY and deployment.manifest.archive is not None
