"""One host of a pool, asked over SSH. What it remembers about itself is all that anybody knows."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from provisioning import driver as told
from provisioning.driver import HostState
from provisioning.driver import marked as _
from provisioning.errors import Blame, GiveUp, Stop, TryAgain
from provisioning.fabrics.pool.options import HostRow, Options
from provisioning.ssh import SshRemote, answers
from provisioning.ssh.pool import POOL, Pool

CODE = "/opt/fairground-host"
SHORT = 1.5
"""Seconds that a host which did not answer last time is given, so that it costs the others little."""
AGAIN = 60.0
"""Seconds after which it is given all the time there is once more: it may be slow, not silent."""
PEEK = 'cat /var/lib/fairground-host/reservation/reservation.json 2>/dev/null || echo "{}"'
"""How a protected host is looked at: nothing is brought there, nothing is written."""
MOST = 64 * 1024
LATEST = 2**37
"""Seconds of the epoch, in the year 6325. Python's calendar ends with the year 9999, so 2**38 is too much."""
NOBODY: Mapping[str, str] = {}
STATES = ("free", "claimed", "preparing", "in use", "wiping", "quarantine")


@dataclass(frozen=True)
class Look:
    """What a host says about itself."""

    state: str
    key: str = ""
    portal: str = ""
    since: float = 0.0
    told: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    claimed: bool = False
    cut: bool = False
    ended: bool = False
    """The machine that was asked for was here, and was wiped."""
    at: float = 0.0
    """When it was claimed, by the portal's clock."""


@dataclass(frozen=True)
class Down:
    """A host that says nothing, and why."""

    why: Stop


class Host:
    """One line of the admin's table."""

    def __init__(self, row: HostRow, options: Options, pool: Pool = POOL) -> None:
        self.row = row
        self.name = row.name
        self.remote = SshRemote(options.login(row), pool=pool, code=CODE)
        self.given_all: float | None = None
        """When it was last given all the time there was and did not answer, on the monotonic clock."""

    def look(self, within: float, name: Mapping[str, str] = NOBODY) -> Look | Down:
        """Whose it is, and whether a machine of this name (key, portal) was; Down where it does not say."""
        try:
            return self.peek(within) if self.row.protected else self.ask("host-look", name, within)
        except Stop as why:
            return Down(why)
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            return Down(answers.misbehaves("look"))

    def ask(self, verb: str, given: Mapping[str, Any], within: float) -> Look:
        """Ask for something. Raises what the line raises."""
        try:
            said = self.remote.call(verb, given, within=self.patience(within))
        except Stop:
            self.is_silent()
            raise
        self.given_all = None
        return look_of(said)

    def change(self, verb: str, given: Mapping[str, Any], within: float) -> Look:
        """Ask for a change; a host that does not answer to that is the place that is away. Protected ones are not asked."""
        if self.row.protected:
            raise TryAgain("host-is-protected", blame=Blame.PORTAL, host=self.name)
        try:
            return self.ask(verb, given, within)
        except Stop as why:
            raise away(self.name, why) from why

    def peek(self, within: float) -> Look:
        """Read what is written there, as a protected host allows."""
        command = f"sudo -n {PEEK}" if self.row.user != "root" else PEEK
        done = self.remote.run(command, b"", MOST, self.patience(within))
        try:
            said = json.loads(done.out)
        except (ValueError, RecursionError) as error:
            raise answers.misbehaves("reservation") from error
        return look_of({"state": "free", **said} if isinstance(said, dict) else {})

    def is_silent(self) -> None:
        """Remember that it does not answer."""
        if self.given_all is None:
            self.given_all = time.monotonic()

    def patience(self, within: float) -> float:
        """How long it may take."""
        if self.given_all is None:
            return within
        if (now := time.monotonic()) - self.given_all < AGAIN:
            return min(within, SHORT)
        self.given_all = now
        return within


def look_of(said: Mapping[str, Any]) -> Look:
    """An answer as a look. Raises what an answer that is none means."""
    state, key, portal = (answers.text({"": said.get(name, "")}, "") for name in ("state", "key", "portal"))
    if state not in STATES:
        raise answers.misbehaves("state")
    since, at = moment(said, "since"), moment(said, "at")
    ports, history = said.get("ports") or {}, said.get("history")
    if not isinstance(ports, dict):
        raise answers.misbehaves("ports")
    return Look(
        state,
        key,
        portal,
        since,
        answers.text({"": said.get("told", "")}, "", 1500),
        {name: answers.number(ports, name) for name in ports},
        tuple(line for line in history if isinstance(line, dict)) if isinstance(history, list) else (),
        said.get("claimed") is True,
        said.get("cut") is True,
        said.get("ended") is True,
        at,
    )


def moment(said: Mapping[str, Any], name: str) -> float:
    """Seconds of the epoch; none where nothing is said. Raises what a time means that no calendar holds."""
    when = said.get(name)
    if when is None:
        return 0.0
    if not isinstance(when, int | float) or not 0 <= when < LATEST:
        raise answers.misbehaves(name)
    return float(when)


def away(name: str, why: Stop) -> TryAgain:
    """A host that does not say is not a host without our machine."""
    if isinstance(why, GiveUp):
        return TryAgain("place-troubled", blame=Blame.FABRIC, host=name, said=why.code)
    return TryAgain("place-away", blame=Blame.FABRIC, host=name, said=why.code)


STATE = {
    "free": HostState.FREE,
    "claimed": HostState.RESERVED,
    "preparing": HostState.RESERVED,
    "in use": HostState.IN_USE,
    "wiping": HostState.WIPING,
    "quarantine": HostState.QUARANTINE,
}


def shown(host: Host, look: Look | Down) -> told.Host:
    """A host as an admin sees it."""
    row = host.row
    if isinstance(look, Down):
        why = _("It does not say anything (%(why)s). What is on it stays as it is.")
        state = HostState.PROTECTED if row.protected else HostState.DOWN
        return told.Host(host.name, state, row.group, told=why, params={"why": look.why.code})
    state = HostState.PROTECTED if row.protected else STATE[look.state]
    since = datetime.fromtimestamp(look.since, UTC).isoformat(timespec="seconds") if look.since else ""
    why = _("Not as it was before: %(found)s.") if look.state == "quarantine" else ""
    return told.Host(
        host.name, state, row.group, look.key, look.portal, since, why, {"found": look.told} if why else {}
    )
