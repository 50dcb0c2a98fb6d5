"""What a fabric must be able to do, and the facts that travel to and from it.

A driver speaks four verbs, keyed and idempotent. None of them waits for a machine: `ensure` may answer STARTING, `remove` may
answer RUNNING, and the caller looks again later. A driver has no memory of its own; labels, tags or directories on the far
side are its memory. `within` is the longest a call may take, in seconds; past it the driver raises
`TryAgain(blame=FABRIC)`. Library errors are translated once, inside the driver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


class Seen(StrEnum):
    """What a fabric says about a machine at this moment."""

    ABSENT = "absent"
    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"  # it exists and does not run; `ensure` starts it again
    REMAINS = "remains"  # it is not there, but something made for it is: a network, a disk that holds nothing

    @property
    def is_lost(self) -> bool:
        """A machine that was there once, and what was on it, is not there any more."""
        return self in (Seen.ABSENT, Seen.REMAINS)


@dataclass(frozen=True)
class Secret:
    """Text that must not be printed, logged or put into a message."""

    reveal: str = field(repr=False)

    def __str__(self) -> str:
        return "••••"


@dataclass(frozen=True)
class Size:
    """Limits of one machine. Memory, cpu and processes are enforced; disk is watched where the engine cannot limit it."""

    memory_mib: int
    cpu: float  # cores
    disk_mib: int
    processes: int = 256


@dataclass(frozen=True)
class PortSpec:
    """One port of the app. `outer` is the loopback port of the portal's host that leads to it, from the portal's own table."""

    name: str
    number: int
    outer: int


@dataclass(frozen=True)
class MachineSpec:
    """All a fabric is told about a machine, frozen in the machine's row before the fabric is asked.

    What it holds follows from the release, the role and our own tables (ports, subnet), never from the deployment.
    """

    key: str  # 32 hex digits; idempotency token and label
    owner: str  # this portal's id, a label; a machine with another owner is never touched
    size: Size
    ports: tuple[PortSpec, ...]
    ssh_port: int  # loopback port that leads to the machine's sshd
    subnet: str  # "10.213.4.16/28"; empty where the fabric has networks of its own
    authorized_key: str  # OpenSSH public key, one line
    host_public_key: str  # OpenSSH public key, one line; the machine must answer with it
    turn: int = (
        0  # how many before it found no room ("zone-is-full"): a place with several kinds of room takes the next
    )


@dataclass(frozen=True)
class Identity:
    """The private halves, kept apart from the spec so that a spec may be shown."""

    host_key: Secret  # OpenSSH private key, PEM
    login_key: Secret  # OpenSSH private key, PEM
    enrolment: Secret = Secret("")  # a word by which a machine that makes its own host key tells it to the portal, once


@dataclass(frozen=True)
class Endpoint:
    """Where something listens, as reached from the portal's host."""

    host: str
    port: int


@dataclass(frozen=True)
class Sighting:
    """What a fabric says about a machine at this moment."""

    seen: Seen
    place_id: str = ""  # the fabric's own name for it
    ssh: Endpoint | None = None
    ports: Mapping[str, Endpoint] = field(default_factory=dict)  # by port name
    portal_host: str = ""  # the address under which this machine can reach the portal's git door; "" = it cannot
    detail: str = ""  # for the technical log, never for people
    on_network: bool = True  # False = it was cut off, by `Cuttable.cut`
    host_key: str = ""  # OpenSSH public key, one line: which one the place says the machine answers with
    is_final: bool = False  # lost, because the place remembers that it ended: it is never too early to believe that
    user: str = "root"  # whom we log in as; anybody else becomes root by `sudo -n`

    def denies(self, host_key: str) -> bool:
        """Whether the place says another host key than the machine itself told us: then nobody knows who answers."""
        return bool(host_key and self.host_key) and host_key.split()[:2] != self.host_key.split()[:2]


ABSENT = Sighting(Seen.ABSENT)


@dataclass(frozen=True)
class RollCall:
    """All machines that carry our owner label. Only a complete list may be used to conclude that one is missing."""

    complete: bool
    keys: frozenset[str]
    remains: frozenset[str] = frozenset()  # of these, those of which only REMAINS are left


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
    may_switch_off: bool = (
        False  # a machine that switches itself off costs less, keeps its disk, and `ensure` starts it
    )
    starts_within: timedelta = timedelta(minutes=5)  # from being asked for to running; longer means never
    answers_within: timedelta = timedelta(minutes=10)  # from running to letting us in; longer means never


PORTALS = ("subnets", "first_port", "slots", "price_per_day")
"""Options of any place, which the portal reads itself; a kind lets them pass."""


def marked(sentence: str) -> str:
    """Mark a sentence of a kind's own, imported as `_`: it is translated where it is shown."""
    return sentence


class Form(StrEnum):
    """How an option is filled in, and what it is then."""

    TEXT = "text"
    NUMBER = "number"  # a whole one
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105 - text that is never shown again; kept apart, encrypted
    LINES = "lines"  # a list of texts
    TABLE = "table"  # a list of mappings, by the columns' names


@dataclass(frozen=True)
class Option:
    """One thing that an admin says about a place of this kind. Label and help are marked for translation."""

    name: str
    label: str
    form: str = Form.TEXT
    default: str = ""  # what an empty field means, and a new place begins with
    help: str = ""
    choices: Sequence[tuple[str, str]] = ()  # value and label
    columns: tuple["Option", ...] = ()  # of a table; no table within
    needed: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check found about one thing."""

    about: str  # which host, key, subnet …
    fine: bool
    told: str  # a marked sentence: what is so; where it is wrong, what to do
    params: Mapping[str, Any] = field(default_factory=dict)  # what goes into it, as %(name)s


class HostState(StrEnum):
    """What one's own machine is doing."""

    FREE = "free"
    RESERVED = "reserved"
    IN_USE = "in use"
    WIPING = "wiping"
    QUARANTINE = "quarantine"  # what was on it could not be proven gone; given to nobody
    DOWN = "down"  # it does not answer; a reservation stays
    PROTECTED = "protected"  # never touched


@dataclass(frozen=True)
class Host:
    """One of a place's own machines, as it is now."""

    name: str
    state: str
    group: str = ""
    key: str = ""  # of the machine on it
    portal: str = ""  # whose that is
    since: str = ""  # ISO 8601; "" = nobody wrote it down
    told: str = ""  # a marked sentence: why it is in quarantine or down
    params: Mapping[str, Any] = field(default_factory=dict)


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

    def price_per_hour(self, options: Mapping[str, Any], size: Size) -> Decimal | None:
        """Price of one hour of the machine that this size gets, in the option `currency` (USD); None = nobody knows."""


@runtime_checkable
class Ownable(Protocol):
    """A kind of which a person may add a place of their own, an account at a cloud say."""

    OWN_OPTIONS: Sequence[str]
    """Names of those of its OPTIONS that the person fills in; all others stay as they are by default."""

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
