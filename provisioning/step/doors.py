"""What a deployment meets outside its machines: the front door, the prober, the vault."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog.manifest import Probe
from provisioning.driver import Endpoint
from provisioning.phases import CopyKind


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

    def mark_visits(self, key: str, *, within: float) -> None:
        """Tell one visitor from another by this key from now on; silent if it does, or counts nobody."""


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


@dataclass(frozen=True)
class Copy:
    """A copy that was read back: its name in the vault, its digest and size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class DueCopy:
    """A copy that is to be made while the service runs: asked for, or the one of a night."""

    kind: CopyKind
    at: datetime  # when it was asked for, or that night's moment
    job: str  # of the program that makes it
    name: str  # in the vault
    most: int | None  # bytes that whoever asked may have; None = as many as the app may


class Vault(Protocol):
    """Where copies are kept. Written in resumable slices; read back to verify."""

    def size(self, name: str) -> int:
        """Bytes of the copy so far; 0 if not begun."""

    def append(self, name: str, offset: int, slice_: bytes) -> None:
        """Add a slice at this offset; a slice that is there already is written over."""

    def read(self, name: str, offset: int, limit: int) -> bytes:
        """A slice of the copy, at most this long; nothing at its end, or if it is not there."""

    def verify(self, name: str, sha256: str, alive: Callable[[], None]) -> Sequence[str]:
        """Read the copy back: digest and table of contents. Return what is wrong; empty = as good as the original.

        That takes as long as it takes: `alive` is called at every block, and may raise what ends the reading.
        """

    def drop(self, name: str) -> None:
        """Delete the copy; silent if it is gone."""

    def clear(self, before: datetime) -> int:
        """Throw away what was begun before then and never became whole. Return how many there were."""
