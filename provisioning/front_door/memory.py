"""The front door and the prober in memory, with switches for bad days."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from catalog.manifest import Probe
from provisioning.driver import Endpoint
from provisioning.errors import Blame, TryAgain
from provisioning.step import Answer, RouteLine


@dataclass
class MemoryDoor:
    """Implements `provisioning.step.FrontDoor` in a dictionary. Counters count down; at zero the door behaves."""

    routes: dict[str, RouteLine] = field(default_factory=dict)
    by_host: dict[str, RouteLine] = field(default_factory=dict)
    away: int = 0
    """Calls that fail because the door does not answer."""
    lost_replies: int = 0
    """Changes that are made and then fail."""
    changes: int = 0
    visit_key: str = ""
    """By which it tells one visitor from another."""

    def put(self, line: RouteLine, *, within: float) -> None:
        """Make this line true; silent if it is. As with Caddy, a second name for the same host is refused."""
        self._answers()
        if self.routes.get(line.name) == line:
            return
        if self.by_host.get(line.host, line).name != line.name:
            raise TryAgain("front-door-away", blame=Blame.PORTAL, why=f"{line.host} has a line already")
        self._forget(line.name)
        self.routes[line.name] = self.by_host[line.host] = line
        self._changed()

    def drop(self, name: str, *, within: float) -> None:
        """Take the line away; silent if it is gone."""
        self._answers()
        if name in self.routes:
            self._forget(name)
            self._changed()

    def line(self, name: str, *, within: float) -> RouteLine | None:
        """What the door says about this line."""
        self._answers()
        return self.routes.get(name)

    def lines(self, *, within: float) -> Sequence[RouteLine]:
        """All lines."""
        self._answers()
        return list(self.routes.values())

    def mark_visits(self, key: str, *, within: float) -> None:
        """Mark by this key from now on."""
        self._answers()
        self.visit_key = key

    def lose_all(self) -> None:
        """The door was restarted empty."""
        self.routes.clear()
        self.by_host.clear()

    def _forget(self, name: str) -> None:
        if old := self.routes.pop(name, None):
            del self.by_host[old.host]

    def _answers(self) -> None:
        if self.away:
            self.away -= 1
            raise TryAgain("front-door-away", blame=Blame.PORTAL, why="it is told to be away")

    def _changed(self) -> None:
        self.changes += 1
        if self.lost_replies:
            self.lost_replies -= 1
            raise TryAgain("front-door-away", blame=Blame.PORTAL, why="it is told to lose replies")


@dataclass
class MemoryProber:
    """Implements `provisioning.step.Prober`: a page answers if something stands where the door leads."""

    door: MemoryDoor
    answers: Callable[[Endpoint], bool] = lambda _: True
    """Whether a machine's endpoint answers; a simulation puts its own here."""
    silent: set[str] = field(default_factory=set)
    """Hosts that do not answer."""
    misses: int = 0
    """Questions that get no good answer."""
    asked: int = 0

    def ask(self, endpoint: Endpoint, host: str, probe: Probe, *, within: float) -> Answer:
        """Follow the door's line, or the machine's own endpoint (host "memory")."""
        self.asked += 1
        if self.misses:
            self.misses -= 1
            return Answer(False, 503, why="status 503")
        upstream = endpoint if endpoint.host == "memory" else self._led(host)
        if upstream is None:
            return Answer(False, 404, why="the front door has no line for it")
        if host in self.silent or not self.answers(upstream):
            return Answer(False, why="connection refused")
        return Answer(True, probe.status, matched=probe.contains or probe.title or "")

    def _led(self, host: str) -> Endpoint | None:
        line = self.door.by_host.get(host)
        return line.upstream if line else None
