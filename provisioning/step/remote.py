"""The far side of one machine: what runs there, and how we speak to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol


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

    def hang_up(self) -> None:
        """Close the connection that is kept, and forget how the machine is known: nobody goes there any more."""
