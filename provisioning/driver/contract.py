"""What a fabric must be able to do.

A driver speaks four verbs, keyed and idempotent. None of them waits for a machine: `ensure` may answer STARTING, `remove` may
answer RUNNING, and the caller looks again later. A driver has no memory of its own; labels, tags or directories on the far
side are its memory. `within` is the longest a call may take, in seconds; past it the driver raises
`TryAgain(blame=FABRIC)`. Library errors are translated once, inside the driver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from provisioning.driver.facts import Identity, MachineSpec, RollCall, Sighting
from provisioning.driver.options import Option


@dataclass(frozen=True)
class Capabilities:
    """What a kind of fabric can do; the conformance suite skips only what is declared here."""

    enforces_memory: bool = True
    enforces_disk: bool = False
    absent_twice: bool = False  # one ABSENT is not proof (eventually consistent listings)
    survives_reboot: bool = True
    takes_host_key: bool = True  # else the place, or the machine itself, tells which one it has
    tells_stopped: bool = True  # else one that is down cannot be told from one out of reach: TryAgain, never ABSENT
    takes_ports: bool = True  # its ports are those of our own table, on this host; else they are the machine's own
    may_switch_off: bool = False  # one that switches itself off costs less, keeps its disk, and `ensure` starts it
    starts_within: timedelta = timedelta(minutes=5)  # from being asked for to running; longer means never
    answers_within: timedelta = timedelta(minutes=10)  # from running to letting us in; longer means never


class Driver(Protocol):
    """One configured fabric."""

    capabilities: Capabilities
    settling: timedelta
    """How long after the last `ensure` an ABSENT proves nothing."""

    def ensure(self, spec: MachineSpec, identity: Identity, *, within: float) -> Sighting:
        """Make sure that one machine with this key exists, has its network and is asked to run. Never a second one.

        Raises TryAgain (no room, engine away), GiveUp (the spec can never work here).
        """

    def see(self, key: str, *, within: float) -> Sighting:
        """Say what is there. ABSENT is a fact, not an error; TryAgain when the fabric cannot say."""

    def remove(self, key: str, *, within: float) -> Sighting:
        """Ask for the machine and all that was made for it to go. Silent if it is gone already."""

    def roll_call(self, *, within: float) -> RollCall:
        """List the keys of all machines that carry our owner label, in whatever state."""


class Fabric(Protocol):
    """What each folder in `fabrics/` exports as its `__init__`: how a configured place becomes a driver."""

    ABOUT: str
    """A marked sentence for an admin who chooses a kind; "" = not offered."""
    OPTIONS: Sequence[Option]
    """What an admin says about a place of this kind, in the order of the form; secrets among them."""

    def open_driver(self, options: Mapping[str, Any], owner: str) -> Driver:
        """Build a driver. Opens no connection; raises ValueError naming a wrong option."""

    def problems(self, options: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with options, for the admin's form: "name: sentence", the sentence marked and without details.

        A table's row is told by its number, from 1: "hosts 3: sentence".
        """
