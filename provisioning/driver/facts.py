"""Facts that travel to a place and back: what is asked for, what is seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
