"""What a step is, and what it may touch while it works.

A step is one thing that must be true. `done` looks; `push` asks for it. Either may be cut off at any line and run again.
Steps know no rows: what they learn or decide goes through `Book`, which the reconciler implements with guarded writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from catalog.manifest import Manifest, Probe
from provisioning.driver import Driver, Endpoint, Identity, MachineSpec, Secret, Sighting
from provisioning.phases import Settled

# --- a machine's far side -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RemoteJob:
    """A program run on the machine, detached, in a directory of its own, with its own deadline.

    `name` is step, attempt and digest, so a second start of the same name is a no-op whatever its state.
    """

    name: str  # "install-1-3f2a91c0"; [a-z0-9-]{1,64}
    argv: tuple[str, ...]
    directory: str = "/"
    env_file: str = ""  # path on the machine of a 0600 file of NAME=value lines, read by the runner, never by a shell
    user: str = "root"
    timeout: timedelta = timedelta(minutes=15)
    safe_to_repeat: bool = True
    """After a reboot in the middle: run again (True) or report `Broken` (False)."""


@dataclass(frozen=True)
class Running:
    """The job is at work."""

    log: bytes = b""  # new bytes since the offset asked for
    offset: int = 0  # where `log` begins in the whole output
    written: int = 0  # size of the whole output so far


@dataclass(frozen=True)
class Exited:
    """The job has ended by itself or by its deadline (code 124)."""

    code: int
    log: bytes = b""
    offset: int = 0
    written: int = 0
    tail: str = ""  # last lines, control sequences removed


@dataclass(frozen=True)
class Broken:
    """The job began, and nobody can say how it ended (reboot, disk full)."""

    why: str


Peek = Running | Exited | Broken | None


@dataclass(frozen=True)
class MachineFacts:
    """What a machine says about itself at the first visit."""

    system: str  # "debian:12"
    architecture: str  # "x86_64"
    reboot_mark: str  # boot id + start time of pid 1
    python: str


class Remote(Protocol):
    """The far side of one machine. Every call opens or reuses one connection and is bounded in time and bytes."""

    def reach(self, *, within: float) -> MachineFacts:
        """Log in, ship our on-board code if it is not there yet, and tell the facts. NotYet while sshd is not up."""

    def put(self, path: str, content: bytes, *, mode: int = 0o600, within: float = 20) -> None:
        """Write a file whole: to a temporary name, flushed, then renamed. Parent folders are made (0755)."""

    def start(self, job: RemoteJob, *, within: float = 20) -> None:
        """Start a job; a no-op if one of this name was ever started."""

    def peek(self, name: str, *, offset: int = 0, wait: float = 0, within: float = 20) -> Peek:
        """Look at a job: None if never started. Waits on the machine up to `wait` (≤ 1 s) for its end."""

    def end(self, name: str, *, within: float = 20) -> None:
        """Kill a job's whole process group, if it runs."""

    def call(self, verb: str, given: Mapping[str, Any] | None = None, *, within: float = 20) -> dict[str, Any]:
        """Run a short on-board verb (see machine/onboard) with JSON on its standard input; return its JSON answer."""

    def read(self, path: str, *, offset: int, limit: int, within: float = 20) -> bytes:
        """Read at most `limit` bytes of a file from `offset`; shorter at its end."""


# --- what a machine step works with -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A repository as the machine pulls it. `bearer` is sent only to the portal's own git door."""

    url: str
    ref: str  # a full commit for the service; a branch or "HEAD" for content
    bearer: Secret | None = None


class MachineBook(Protocol):
    """What a machine step may write down. Every call is a guarded write: lost with the lease."""

    def saw(self, sighting: Sighting) -> None: ...
    def removal_asked(self) -> None: ...
    def facts(self, facts: MachineFacts) -> None: ...
    def log(self, job: str, offset: int, chunk: bytes) -> None: ...
    def log_offset(self, job: str) -> int: ...
    def outputs(self, values: Mapping[str, Any]) -> None: ...
    def content(self, commit: str, at: datetime) -> None: ...


@dataclass(frozen=True)
class MachineJob:
    """Everything a machine step needs, gathered once per pass."""

    key: str
    spec: MachineSpec
    identity: Identity
    attempt: int
    role: str
    number: int
    settled: Settled
    asked_at: datetime | None  # when the fabric was first asked
    removal_asked_at: datetime | None
    absent_at: datetime | None  # when it was first seen absent after that
    sighting: Sighting | None  # the last one recorded
    manifest: Manifest
    service: Source
    content: Source | None
    values: Mapping[str, Any]  # parameters for `configure`
    machine_facts: Mapping[str, str]  # FAIRGROUND_* for `configure` and the processes
    driver: Driver
    remote: Remote
    book: MachineBook
    at: datetime
    within: float  # seconds a single outside call may take

    def job_name(self, step: str, digest: str = "") -> str:
        """Name of a remote job: step, attempt and digest."""
        return "-".join(part for part in (step.replace("_", "-"), str(self.attempt), digest[:12]) if part)


# --- what a deployment step works with ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class MachineView:
    """A deployment's view of one of its machines."""

    key: str
    role: str
    number: int
    wanted: str
    phase: str
    settled: Settled
    hold_until: datetime | None
    upstream: Endpoint | None  # the primary port, as reached from the portal's host
    problem: str
    problem_params: Mapping[str, Any]
    blame: str
    remote: Remote | None  # None while it cannot be reached


@dataclass(frozen=True)
class RouteLine:
    """One line of the front door: a host name and where it leads."""

    name: str  # stable id of the route
    host: str  # "auction-linden.apps.localhost"
    upstream: Endpoint


class FrontDoor(Protocol):
    """The reverse proxy that owns all public addresses. Hosts without a line get the portal's own page."""

    def put(self, line: RouteLine, *, within: float) -> None:
        """Make this line true; silent if it is."""

    def drop(self, name: str, *, within: float) -> None:
        """Take the line away; silent if it is gone."""

    def line(self, name: str, *, within: float) -> RouteLine | None:
        """What the door itself says about this line."""

    def lines(self, *, within: float) -> Sequence[RouteLine]:
        """All lines, for the head count."""


@dataclass(frozen=True)
class Answer:
    """What came back from a page that was asked for. `matched` is the words that the manifest promised and the page held."""

    ok: bool
    status: int = 0
    matched: str = ""
    why: str = ""  # for people who debug: "connection refused", "status 500", "text not found"


class Prober(Protocol):
    """Asks a page and compares it with what the manifest says."""

    def ask(self, endpoint: Endpoint, host: str, probe: Probe, *, within: float) -> Answer:
        """GET the probe's path at `endpoint` under the name `host`. Never raises for an unreachable page."""


class Vault(Protocol):
    """Where copies are kept. Written in resumable slices; read back to verify."""

    def size(self, name: str) -> int:
        """Bytes of the copy so far; 0 if not begun."""

    def append(self, name: str, offset: int, slice_: bytes) -> None:
        """Add a slice at this offset; a slice that is there already is written over."""

    def verify(self, name: str, sha256: str) -> Sequence[str]:
        """Read the copy back: digest and table of contents. Return what is wrong; empty = as good as the original."""

    def drop(self, name: str) -> None:
        """Delete the copy; silent if it is gone."""


class DeploymentBook(Protocol):
    """What a deployment step may write down. Every call is a guarded write: lost with the lease."""

    def need_machine(self, role: str, number: int) -> None: ...
    def let_go(self, machine: str) -> None: ...
    def settle(self, machine: str, settled: Settled, *, copy: str = "", sha256: str = "", size: int = 0) -> None: ...
    def hold(self, machine: str, *, until: datetime) -> None: ...
    def publish(self, machine: str) -> None: ...
    def published(self, revision: int) -> None: ...
    def unpublish(self) -> None: ...
    def answered(self, answer: Answer) -> None: ...
    def silent(self, answer: Answer) -> None: ...
    def log(self, machine: str, job: str, offset: int, chunk: bytes) -> None: ...
    def log_offset(self, machine: str, job: str) -> int: ...
    def forget_keys(self) -> None: ...


@dataclass(frozen=True)
class DeploymentJob:
    """Everything a deployment step needs, gathered once per pass."""

    name: str  # its host label, "auction-linden"
    host: str
    door: Endpoint  # where the front door listens
    attempt: int
    manifest: Manifest
    machines: tuple[MachineView, ...]
    route: RouteLine | None  # as the rows say it should be
    route_live: bool
    answered_times: int
    hold_until: datetime  # how long a machine may be held if its copy cannot be made
    building_since: datetime
    front_door: FrontDoor
    prober: Prober
    vault: Vault
    book: DeploymentBook
    at: datetime
    within: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    def of_role(self, role: str) -> Sequence[MachineView]:
        """The machines of one role that are wanted up."""
        return [machine for machine in self.machines if machine.role == role and machine.wanted == "up"]


J = TypeVar("J", contravariant=True)


class Step(Protocol[J]):
    """One thing that must be true on the way to ready, or to gone."""

    name: str

    def done(self, job: J) -> bool:
        """Look. True: go on to the next step. False: `push`. Raises a Stop when it is neither."""

    def push(self, job: J) -> None:
        """Ask for it. Quick, and harmless when asked twice."""
