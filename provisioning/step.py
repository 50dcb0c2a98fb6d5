"""What a step is, and what it may touch while it works.

A step is one thing that must be true. `done` looks; `push` asks for it. Either may be cut off at any line and run again.
Steps know no rows: what they learn or decide goes through `Book`, which the reconciler implements with guarded writes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from catalog.manifest import Manifest, Probe
from provisioning.driver import Driver, Endpoint, Identity, MachineSpec, Secret, Seen, Sighting
from provisioning.errors import NotYet
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
    env_file: str = ""  # path on the machine of a 0600 JSON file, name → text; see machine/onboard/README.md
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


class LogBook(Protocol):
    """Where the output of remote jobs is kept for people to read."""

    def log(self, job: str, offset: int, chunk: bytes) -> None:
        """Keep bytes at their place; the same bytes twice are kept once."""

    def log_offset(self, job: str) -> int:
        """Where the next unread byte is."""


class MachineBook(LogBook, Protocol):
    """What a machine step may write down. Every call is a guarded write, and is lost with the lease."""

    def asked(self) -> None:
        """The fabric is about to be asked for this machine."""

    def saw(self, sighting: Sighting) -> None:
        """What the fabric answered."""

    def removal_asked(self) -> None:
        """The fabric is about to be asked to remove it. Refused by the row while it is not settled."""

    def absent(self) -> None:
        """It was seen absent."""

    def facts(self, facts: MachineFacts) -> None:
        """What the machine says about itself."""

    def outputs(self, values: Mapping[str, Any]) -> None:
        """What the installer hands over. Kept sealed."""

    def content(self, commit: str, at: datetime | None, problem: str) -> None:
        """Which content is in, since when, and why no newer one."""

    def restarted(self, asked_at: datetime) -> None:
        """The restart asked for then is done."""

    def pulled(self, asked_at: datetime) -> None:
        """The pull asked for then is done."""


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
    content_looked_at: (
        datetime | None
    )  # the portal's copy of the content is at least as new as this; None = no copy yet
    content_problem: str  # why there is no newer copy
    values: Mapping[str, Any]  # parameters for `configure`
    machine_facts: Mapping[str, str]  # FAIRGROUND_* for `configure` and the processes
    driver: Driver
    remote: Remote | None  # None while nobody knows where it is
    book: MachineBook
    at: datetime
    within: float  # seconds a single outside call may take
    restart_asked_at: datetime | None = None  # not done yet
    pull_asked_at: datetime | None = None  # not done yet

    @property
    def far(self) -> Remote:
        """The wire to the machine. NotYet while there is none."""
        if self.remote is None:
            raise NotYet("not-reachable-yet")
        return self.remote

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
    was_ready: bool  # it was set up once, so there may be something on it
    hold_until: datetime | None
    upstream: Endpoint | None  # the primary port, as reached from the portal's host
    seen: Seen | None  # what the fabric said last
    can_try_again: bool  # its deployment was retried, and the failure is one that a new attempt may mend
    problem: str
    problem_params: Mapping[str, Any]
    blame: str
    remote: Callable[[], Remote | None]  # the wire to it; None while nobody knows where it is


@dataclass(frozen=True)
class RouteLine:
    """One line of the front door: a host name and where it leads."""

    name: str  # stable id of the route
    host: str  # "auction-linden.apps.localhost"
    upstream: Endpoint | None


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


@dataclass(frozen=True)
class Copy:
    """A copy that was read back: its name in the vault, its digest and size in bytes."""

    name: str
    sha256: str
    size: int


class DeploymentBook(Protocol):
    """What a deployment step may write down. Every call is a guarded write, and is lost with the lease."""

    def need_machine(self, role: str, number: int) -> None:
        """Make the row of one more machine, if there is room for it. NotYet otherwise."""

    def try_again(self, machine: str) -> None:
        """Let a failed machine try again from the step that failed."""

    def settle(self, machine: str, settled: Settled, copy: Copy | None = None) -> None:
        """Say why this machine's data may go."""

    def look_at(self, machine: str) -> None:
        """Give its own row a reason to look: what is known of it may be old."""

    def let_go(self, machine: str) -> None:
        """Ask for a settled machine to go."""

    def hold(self, machine: str, *, until: datetime) -> None:
        """Its copy could not be made: keep it, and tell."""

    def route(self, upstream: Endpoint) -> None:
        """The address is to lead there."""

    def unroute(self) -> None:
        """The address is to lead nowhere."""

    def answered(self, answer: Answer) -> None:
        """The page answered as it should, once more."""

    def missed(self, answer: Answer) -> None:
        """The page did not answer as it should."""

    def relaunch(self) -> None:
        """Set it up again, on a new machine."""

    def forget(self) -> None:
        """Drop keys, parameters and outputs; nothing needs them any more."""

    def log_of(self, machine: str) -> LogBook:
        """The log of one of its machines."""


@dataclass(frozen=True)
class DeploymentJob:
    """Everything a deployment step needs, gathered once per pass."""

    name: str  # its host label, "auction-linden"
    host: str
    door: Endpoint  # where the front door listens
    attempt: int
    manifest: Manifest
    machines: tuple[MachineView, ...]
    route: RouteLine  # as it should be: empty upstream = leads nowhere
    was_ready: bool  # it was published once
    may_relaunch: bool  # if its machine dies: nothing of value was on it, or the owner chose so
    is_forgotten: bool  # keys and parameters are dropped
    answered_times: int  # good answers in a row
    archive_try: int  # part of the archive job's name, so that another try is another job
    look_until: datetime  # how long a failed one keeps its machine
    hold_until: datetime  # how long a machine may be held if its copy cannot be made
    waiting_since: datetime  # since when it is at this step
    front_door: FrontDoor
    prober: Prober
    vault: Vault
    book: DeploymentBook
    at: datetime
    within: float

    def may_hold_data(self, machine: MachineView) -> bool:
        """Say whether people may have put something on this machine: it was set up, published, and keeps what it gets."""
        return self.was_ready and machine.was_ready and not self.manifest.stateless

    def of_role(self, role: str) -> Sequence[MachineView]:
        """The machines of one role that are wanted up."""
        return [machine for machine in self.machines if machine.role == role and machine.wanted == "up"]


J_contra = TypeVar("J_contra", contravariant=True)


class Step(Protocol[J_contra]):
    """One thing that must be true on the way to ready, or to gone."""

    name: str

    def done(self, job: J_contra) -> bool:
        """Look. True: go on to the next step. False: `push`. Raises a Stop when it is neither."""

    def push(self, job: J_contra) -> None:
        """Ask for it. Quick, and harmless when asked twice."""
