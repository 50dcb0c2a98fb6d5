"""The far side of the memory fabric: what "exists", and how badly it behaves."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioning.driver import MachineSpec, Seen


@dataclass
class Ghost:
    """A machine that exists only here."""

    spec: MachineSpec
    owner: str
    seen: Seen = Seen.STARTING
    on_network: bool = True
    looks: int = 0
    jobs: dict[str, int] = field(default_factory=dict)
    """Looks that each job still takes."""
    codes: dict[str, int] = field(default_factory=dict)
    """How each job will have ended; decided when it begins, as on a real machine."""
    started: list[str] = field(default_factory=list)
    """Every job that was really begun, in order: begun twice = here twice."""
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    scheduled: bool = False
    reboot: int = 1
    silent: bool = False
    slow: bool = False
    ends_at: float = 0.0
    switches_off: bool = False
    has_ended: bool = False
    """Its app was ended by itself, because nobody was heard of for long."""


@dataclass
class Place:
    """One memory place, and its moods. Counters count down; at zero the place behaves."""

    machines: dict[str, Ghost] = field(default_factory=dict)
    at_port: dict[int, Ghost] = field(default_factory=dict)
    """Who was given a port last; whether it still exists, `machines` knows."""
    made: list[str] = field(default_factory=list)
    """Every key that a machine was ever made for, in order."""
    destroyed: list[str] = field(default_factory=list)
    """Keys whose machines somebody outside removed."""
    boot_looks: int = 1
    """Looks that a machine answers with STARTING."""
    job_looks: int = 0
    """Looks that a job takes."""
    away: int = 0
    """Calls that fail because the place does not answer."""
    silent_host: str = ""
    """A part of it that does not answer: what the rest does not know may be there."""
    lost_replies: int = 0
    """Calls of ensure and remove that work and then fail."""
    no_room: int = 0
    """Calls of ensure that find no room."""
    full_turns: set[int] = field(default_factory=set)
    """Turns that find no room, while another may."""
    taken_ports: set[int] = field(default_factory=set)
    """Ports that somebody else uses."""
    partial_lists: int = 0
    """Roll calls that are not complete (and leave out everything)."""
    slow_removals: int = 0
    """Looks for which a removed machine is still there."""
    failing_jobs: dict[str, int] = field(default_factory=dict)
    """Exit code of jobs that are begun now and whose name begins so."""
    free_mib: int = 2048
    """Room on the disk of each machine."""
    check_code: int = 0
    """How a program of the app ends that is asked whether it is well."""
    silent: int = 0
    """Machines that run and let nobody in: so many of the next ones made."""
    slow: int = 0
    """Machines that never come to run: so many of the next ones made."""
    messages: dict[str, str] = field(default_factory=dict)
    """What the place tells by itself: place ids by receipt. Nobody told it whose they are."""
    broken_jobs: set[str] = field(default_factory=set)
    """Jobs whose name begins so end with nobody knowing how."""

    def tell(self, place_id: str) -> str:
        """Say that a machine has left, whether that is so or not. Return the receipt."""
        receipt = f"receipt-{len(self.messages) + 1}"
        self.messages[receipt] = place_id
        return receipt

    def kill(self, key: str) -> None:
        """Power failure: it exists and does not run."""
        self.machines[key].seen = Seen.STOPPED

    def gut(self, key: str) -> None:
        """Somebody outside removed it, and left what was made around it."""
        self.machines[key].seen = Seen.REMAINS
        self.destroyed.append(key)

    def destroy(self, key: str) -> None:
        """Somebody outside removed it."""
        self.machines.pop(key, None)
        self.destroyed.append(key)


_places: dict[str, Place] = {}


def place(name: str = "default") -> Place:
    """The place of this name; made when first asked for."""
    return _places.setdefault(name, Place())


def places() -> Sequence[Place]:
    """All that were ever asked for."""
    return list(_places.values())


def forget_places() -> None:
    """Begin anew."""
    _places.clear()
