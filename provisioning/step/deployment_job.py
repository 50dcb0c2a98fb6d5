"""What a deployment step works with, and what it may write down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from catalog.manifest import Manifest
from provisioning.driver import Endpoint, Seen
from provisioning.phases import Settled, Stand
from provisioning.step.doors import Answer, Copy, FrontDoor, Prober, RouteLine, Vault
from provisioning.step.machine_job import LogBook
from provisioning.step.remote import Remote


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
    is_another: bool = (
        False  # somebody wants another place or version than it has, and nothing of anybody's is on it yet
    )
    stand: Stand = Stand.MAIN  # next and before only while its service moves to another place
    is_installed: bool = False  # all but its data and what follows from that is there
    on_network: bool = True  # as far as is known; a suspended service's machine is cut off

    @property
    def is_lost(self) -> bool:
        """It was there, and is not any more; with all that was on it."""
        return self.seen is not None and self.seen.is_lost


class DeploymentBook(Protocol):
    """What a deployment step may write down. Every call is a guarded write, and is lost with the lease."""

    def need_machine(self, role: str, number: int) -> None:
        """Make the row of one more machine, if there is room for it. NotYet otherwise."""

    def need_next(self) -> None:
        """Make the row of a machine at another place, if there is room for it that costs no more. NotYet otherwise."""

    def move_over(self) -> None:
        """From now on its data is on the way to the next machine; visitors are kept out."""

    def swap(self) -> None:
        """The next machine is the main one from now on, and is to be opened as any other."""

    def stay(self, why: str, params: Mapping[str, Any]) -> None:
        """It stays where it is, for this reason ("" = nobody asks any more); the next machine goes."""

    def try_again(self, machine: str) -> None:
        """Let a failed machine try again from the step that failed."""

    def settle(self, machine: str, settled: Settled, copy: Copy | None = None, *, hand_on: bool = False) -> None:
        """Say why this machine's data may go. `hand_on`: the copy is what a machine made from now on begins with."""

    def look_at(self, machine: str) -> None:
        """Give its own row a reason to look: what is known of it may be old."""

    def let_go(self, machine: str) -> None:
        """Ask for a settled machine to go."""

    def replaced(self) -> None:
        """In this attempt no further machine is replaced without asking."""

    def hold(self, machine: str, *, until: datetime, anew: bool) -> None:
        """Its copy could not be made: keep it, and tell. `anew`: the next try is another job."""

    def goes_on(self) -> None:
        """A part of what is waited for came: from now on it is waited for as long again."""

    def route(self, upstream: Endpoint) -> None:
        """The address is to lead there."""

    def unroute(self) -> None:
        """The address is to lead nowhere."""

    def answered(self, answer: Answer) -> None:
        """The page answered as it should, once more."""

    def missed(self, answer: Answer) -> None:
        """The page did not answer as it should."""

    def restarted(self, *, code: int) -> None:
        """Its own restart was begun in this silence, and ended with this code (0 while it runs)."""

    def relaunch(self) -> None:
        """Set it up again, on a new machine."""

    def forget(self) -> None:
        """Drop keys, parameters and outputs; nothing needs them any more."""

    def shut(self) -> None:
        """Nobody can come in and nothing out: the service is suspended as was asked."""

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
    route: Callable[[], RouteLine]  # as it should be: empty upstream = leads nowhere
    was_ready: bool  # it was published once
    may_relaunch: bool  # if its machine dies: nothing of value was on it, or the owner chose so
    may_replace: bool  # a machine that never came to life was not replaced yet, in this attempt
    is_to_move: bool  # somebody asked for it to go to another place
    is_forgotten: bool  # keys and parameters are dropped
    answered_times: int  # good answers in a row
    archive_name: str  # of the archive job; another attempt, another way out or a try after a failure is another job
    look_until: datetime  # how long a failed one keeps its machine
    hold_until: datetime  # how long a machine may be held if its copy cannot be made
    waiting_since: datetime  # since when it is at this step, or nothing has come of what it waits for
    problem: str  # what it ran into last
    was_shut: bool  # it was suspended, is no longer, and has not answered at its address since
    silent_since: datetime | None  # since when it has not answered; None = it does
    front_door: FrontDoor
    prober: Prober
    vault: Vault
    book: DeploymentBook
    at: datetime
    within: float
    alive: Callable[[], None]  # renews the right to work on this row, in a call of our own that takes longer

    def may_hold_data(self, machine: MachineView) -> bool:
        """Say whether people may have put something on this machine: it was set up, published, and keeps what it gets."""
        was_reached = machine.was_ready and machine.stand != Stand.NEXT
        return self.was_ready and was_reached and not self.manifest.stateless

    def of_role(self, role: str) -> Sequence[MachineView]:
        """The machines of one role that are wanted up."""
        return [machine for machine in self.standing(Stand.MAIN) if machine.role == role]

    def standing(self, stand: Stand) -> Sequence[MachineView]:
        """The machines that stand so and are wanted up."""
        return [machine for machine in self.machines if machine.stand == stand and machine.wanted == "up"]
