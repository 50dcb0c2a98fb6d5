"""What some kinds of places can do beside the four verbs; asked of a driver, or of a kind, by `isinstance`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from provisioning.driver.facts import Size
from provisioning.driver.options import Finding, Host, Option


@runtime_checkable
class Pinning(Protocol):
    """A kind whose table `hosts` has a column `host_key`: it can ask hosts for the keys that an admin compares."""

    def host_keys(self, options: Mapping[str, Any], *, within: float) -> Sequence[str]:
        """For each row in order, the key that the host shows now (OpenSSH, one line); "" for one that does not answer.

        Nothing is logged in to; rows may be without a key yet.
        """


@runtime_checkable
class Checkable(Protocol):
    """A driver that can say whether a place would work, and what to do where it would not."""

    def check(self, *, within: float) -> Sequence[Finding]:
        """Look at everything that a machine will need; change nothing. What does not answer is a finding, not an error."""


@runtime_checkable
class Hosts(Protocol):
    """A driver whose machines are given, not made: it has a list of them."""

    def hosts(self, *, within: float) -> Sequence[Host]:
        """All of them, in the order of the options. One that does not answer is DOWN, not an error."""

    def release(self, name: str, *, within: float) -> None:
        """Let a host out of quarantine, after a second look at it. Raises Stop when it is not clean: it stays where it is."""


@runtime_checkable
class Priced(Protocol):
    """A kind that can reckon what its machines cost. An admin's own word (`price_per_day`) goes before it."""

    def prices_per_hour(self, options: Mapping[str, Any], size: Size) -> Sequence[Decimal]:
        """Price of one hour of the machine that this size gets, in the option `currency` (USD); empty = nobody knows.

        The first is usual; of a place with several kinds of room, each next one is that of the next `MachineSpec.turn`.
        """


@runtime_checkable
class Ownable(Protocol):
    """A kind of which a person may add a place of their own, an account at a cloud say."""

    OWN_OPTIONS: Sequence[Option]
    """Those of its OPTIONS that the person fills in, in the order of their form and in words for them; no table."""
    SHARED_OPTIONS: Sequence[str]
    """Of those that are as at the house's place of this kind, now and later; all others stay as they are by default."""
    OWN_WORD: str
    """Of a secret one that the portal fills in, for each person another, and shows to them; "" = none."""

    def own_problems(self, options: Mapping[str, Any]) -> Sequence[str]:
        """What is wrong with a person's own, beside what `problems` says, and told as that tells it."""

    def least_policy(self, options: Mapping[str, Any]) -> str:
        """What the account must allow us, and no more, as text to be pasted where its owner gives the keys."""


@runtime_checkable
class Cuttable(Protocol):
    """A driver that can take a machine off its network and leave it otherwise as it is; `ensure` puts it back."""

    def cut(self, key: str, *, within: float) -> None:
        """Let nothing in or out any more. Silent if that is so, or if it is not there. `see` says `on_network=False`."""


@runtime_checkable
class OwnWire(Protocol):
    """A driver whose machines are not reached over SSH (the memory fabric) brings the wire itself."""

    def remote(self, key: str) -> Any:
        """Return a `provisioning.step.Remote` for this machine."""


@dataclass(frozen=True)
class Departure:
    """Somebody's word that a machine has left, has stopped, or is about to: a reason to ask the place, and no more."""

    receipt: str  # with which it is taken away
    place_id: str = ""  # which machine, by `Sighting.place_id`
    told: str = ""  # what is said of it, for the technical log


@runtime_checkable
class Tells(Protocol):
    """A driver whose place says by itself when a machine leaves. What nobody takes away is said again, and then given up."""

    def departures(self, *, within: float) -> Sequence[Departure]:
        """Fetch the next few, ten at most; empty if there are none, or if nobody set up how they are told.

        What makes no sense is left where it is, for whoever looks after the place.
        """

    def heard(self, receipt: str, *, within: float) -> None:
        """Take one away, because what follows from it is recorded. Silent if it is gone."""


@runtime_checkable
class Console(Protocol):
    """A driver that knows what a machine wrote to its console: all there is of one that never answered."""

    def console(self, key: str, *, within: float) -> bytes:
        """Read its end, at most 64 KiB; empty if there is nothing, or no such machine of ours."""
