"""What a machine step works with, and what it may write down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from catalog.manifest import Manifest
from provisioning.driver import Driver, Identity, MachineSpec, Secret, Sighting
from provisioning.errors import Blame, NotYet, Stop
from provisioning.phases import Settled
from provisioning.step.doors import Copy, DueCopy, Vault
from provisioning.step.remote import MachineFacts, Remote


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

    def kept(self, due: DueCopy, copy: Copy) -> None:
        """The copy that was due is made, and was read back."""

    def not_kept(self, due: DueCopy, stop: Stop) -> None:
        """The copy that was due could not be made."""

    def disk(self, *, free_mib: int, is_nearly_full: bool) -> None:
        """How its disk does."""

    def ends_itself(self, at: datetime) -> None:
        """It knows when to end by itself."""

    def leave(self) -> None:
        """A trial has told what it was made to tell: it goes."""

    def forget_keys(self) -> None:
        """Drop what let us in, and it in: nobody goes there any more."""

    def passed_over(self, code: str, /, *, blame: Blame, **params: object) -> None:
        """Tell a problem that stops nothing."""


@dataclass(frozen=True)
class MachineJob:
    """Everything a machine step needs, gathered once per pass."""

    key: str
    spec: MachineSpec
    identity: Identity
    attempt: int
    tries: int  # how often this step was tried in vain
    role: str
    number: int
    settled: Settled
    asked_at: datetime | None  # when the fabric was first asked
    removal_asked_at: datetime | None
    absent_at: datetime | None  # since when it is seen absent
    sighting: Sighting | None  # the last one recorded
    enrolled_key: str  # the host key that the machine itself told us; empty where we made it, or do not know it yet
    seen_since: datetime | None  # since when the fabric says that
    manifest: Manifest
    service: Source
    content: Source | None
    content_looked_at: (
        datetime | None
    )  # the portal's copy of the content is at least as new as this; None = no copy yet
    content_problem: str  # why there is no newer copy
    copy: Copy | None  # to be put back before anything else of the deployment's own; None = none, or it is back
    vault: Vault
    values: Mapping[str, Any]  # parameters for `configure`
    machine_facts: Mapping[str, str]  # FAIRGROUND_* for `configure` and the processes
    driver: Driver
    remote: Remote | None  # None while nobody knows where it is
    book: MachineBook
    at: datetime
    within: float  # seconds a single outside call may take
    alive: Callable[[], None]  # renews the right to work on this row, in a call of our own that takes longer
    waiting_since: datetime  # since when it is at this step
    was_ready: bool  # it was set up once
    is_nearly_full: bool  # its disk, at the last look
    ends_itself_at: datetime  # when it is to end by itself, should it hear nothing of us any more
    told_end: datetime | None  # when it would, as it knows
    awaits_copy: bool = False  # what it is to begin with is not kept yet
    is_trial: bool = False  # it is to be made and reached, and then to go
    never_answered: bool = False  # it was given up before it let anybody in
    restart_asked_at: datetime | None = None  # not done yet
    pull_asked_at: datetime | None = None  # not done yet
    due_copy: DueCopy | None = None  # to be made while it runs

    @property
    def far(self) -> Remote:
        """The wire to the machine. NotYet while there is none."""
        if self.remote is None:
            raise NotYet("not-reachable-yet")
        return self.remote

    def job_name(self, step: str, digest: str = "") -> str:
        """Name of a remote job: step, attempt and digest."""
        return "-".join(part for part in (step.replace("_", "-"), str(self.attempt), digest[:12]) if part)

    def job_names(self, step: str, digest: str = "") -> list[str]:
        """Names of the jobs that tries of the step may have begun, the newest first: each of them is another job."""
        name = self.job_name(step, digest)
        return [*(f"{name}-{tries}" for tries in range(self.tries, 0, -1)), name]
