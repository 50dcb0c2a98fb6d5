"""The four verbs on hosts that are there anyway.

A machine is a reservation that a host itself keeps (`machine/onboard/host.py`). Where a machine is, is asked of all hosts;
what was learned is kept as a hint and never believed without asking.
"""

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from provisioning import driver as told
from provisioning.driver import (
    ABSENT,
    Capabilities,
    Endpoint,
    Finding,
    Identity,
    MachineSpec,
    RollCall,
    Seen,
    Sighting,
)
from provisioning.errors import Blame, GiveUp, NotYet, TryAgain
from provisioning.fabrics.pool.check import findings
from provisioning.fabrics.pool.cobbler_check import cobbler_findings
from provisioning.fabrics.pool.host import Down, Host, Look, away
from provisioning.fabrics.pool.looks import Looks, look_at
from provisioning.fabrics.pool.options import Options
from provisioning.fabrics.pool.reimage import Reimaging, as_shown
from provisioning.ssh.pool import POOL, Pool

SEEN = {
    "claimed": Seen.STARTING,
    "preparing": Seen.STARTING,
    "in use": Seen.RUNNING,
    "wiping": Seen.REMAINS,
    "quarantine": Seen.REMAINS,
}
CONFIRMED = ("preparing", "in use", "wiping", "quarantine")


class PoolDriver:
    """The hosts of one place."""

    capabilities = Capabilities(enforces_memory=False, takes_host_key=False, takes_ports=False, tells_stopped=False)
    settling = timedelta(seconds=30)
    """What was asked of a host whose answer was lost is done by then."""

    def __init__(self, options: Options, owner: str, pool: Pool = POOL) -> None:
        self.options = options
        self.owner = owner
        self.hosts_here = [Host(row, options, pool) for row in options.hosts]
        self.hints: dict[str, Host] = {}
        """Where a machine was seen last, or may have been let in: while that host is silent, it is nowhere else."""
        self.reimaging = Reimaging(self.hosts_here, options.cobbler, owner)

    def ensure(self, spec: MachineSpec, identity: Identity, *, within: float) -> Sighting:
        """Find its host, or reserve exactly one that is free and large enough; then let the machine's own key in."""
        looks = look_at(self.hosts_here, within)
        hint = self.hints.get(spec.key) or self.reimaging.marked_for(spec.key, within)
        if hint and isinstance(down := looks[hint], Down):
            raise away(hint.name, down.why)
        holding = self._holding(spec.key, looks)
        if not holding:
            holding = self._claim(spec, looks, within)
        elif not any(look.state in CONFIRMED for look in holding.values()):
            behind = look_at(self.hosts_here, within)  # the claim, as `_only_one` wants it
            holding = self._holding(spec.key, behind)
        host = self.hints[spec.key] = self._only_one(spec.key, holding, within)
        ports = {port.name: port.number for port in spec.ports}
        given = {"authorized_key": spec.authorized_key, "user": host.row.user, "ports": ports}
        self.reimaging.take(host, spec.key, within)
        look = host.change("host-confirm", self._name(spec.key) | given, within)
        if not self._is(spec.key, look):
            raise TryAgain("place-troubled", blame=Blame.FABRIC, host=host.name)  # the claim had lapsed
        return self._sighting(host, look)

    def see(self, key: str, *, within: float) -> Sighting:
        """Say what is there. It is absent when its host says that it was wiped, or every host has answered without it."""
        found = self._find(key, within)
        return self._sighting(*found) if found else ABSENT

    def remove(self, key: str, *, within: float) -> Sighting:
        """Ask its host to wipe; it takes a while, and what cannot be wiped stays, and is told."""
        found = self._find(key, within) if (marked := self.reimaging.marked_for(key, within)) is None else None
        if not (host := found[0] if found else marked):
            return ABSENT
        if host.row.system:
            is_over = self.reimaging.remove(host, key, within)
            return ABSENT if is_over else self._sighting(host, Look("wiping", key, self.owner))
        look = host.change("host-wipe", self._name(key), within)
        if not self._is(key, look):
            return self.see(key, within=within)
        if look.state == "quarantine":
            raise TryAgain("host-in-quarantine", blame=Blame.FABRIC, host=host.name, found=look.told[:300])
        return self._sighting(host, look)

    def cut(self, key: str, *, within: float) -> None:
        """Let its host talk with nobody but us; what runs there runs on."""
        if not (found := self._find(key, within)):
            return
        host, look = found
        if SEEN[look.state] is Seen.STARTING:
            raise NotYet("machine-is-starting")
        if SEEN[look.state] is Seen.RUNNING and not host.change("host-cut", self._name(key), within).cut:
            raise TryAgain("network-cannot-be-cut", blame=Blame.FABRIC, host=host.name)

    def roll_call(self, *, within: float) -> RollCall:
        """Everything that hosts hold for us. A host that does not answer makes it incomplete."""
        looks = self.reimaging.corrected(look_at(self.hosts_here, within), within)
        told = {host: look for host, look in looks.items() if isinstance(look, Look)}
        if not told and looks:
            raise self._away(looks)
        ours = {look.key: SEEN[look.state] for look in told.values() if look.portal == self.owner and look.key}
        remains = frozenset(key for key, seen in ours.items() if seen is Seen.REMAINS)
        return RollCall(len(told) == len(looks), frozenset(ours), remains)

    # --- for admins -------------------------------------------------------------------------------------------------

    def check(self, *, within: float) -> Sequence[Finding]:
        """Look at every host, all at the same time; nothing is written there."""
        with ThreadPoolExecutor(max(1, min(32, len(self.hosts_here))), "pool") as threads:
            each = [
                found for told in threads.map(lambda host: findings(host, within), self.hosts_here) for found in told
            ]
        return [*each, *cobbler_findings(self.reimaging, within)]

    def hosts(self, *, within: float) -> Sequence[told.Host]:
        """All of them, as they say themselves."""
        looks = self.reimaging.corrected(look_at(self.hosts_here, within), within)
        return [as_shown(host, looks[host]) for host in self.hosts_here]

    def release(self, name: str, *, within: float) -> None:
        """Wipe a host in quarantine once more; it is free when nothing is found any more."""
        host = next((host for host in self.hosts_here if host.name == name), None)
        if host is None:
            raise GiveUp("no-such-host", blame=Blame.PERSON, host=name)
        if self.reimaging.release(host, within):
            return
        until = time.monotonic() + within
        look = host.change("host-release", {"portal": self.owner}, within)
        while look.state == "wiping" and time.monotonic() < until:
            time.sleep(0.2)
            look = host.change("host-look", {}, within)
        if look.state == "wiping":
            raise NotYet("host-is-being-wiped", host=name)
        if look.state == "quarantine":
            raise TryAgain("host-in-quarantine", blame=Blame.FABRIC, host=name, found=look.told[:300])

    # --- finding ----------------------------------------------------------------------------------------------------

    def _find(self, key: str, within: float) -> tuple[Host, Look] | None:
        """The host that holds it. Raises TryAgain where one that may hold it does not say."""
        hint = self.hints.get(key)
        look = hint.look(within, self._name(key)) if hint else None
        if hint and isinstance(look, Look) and self._is(key, look):
            return hint, look
        if hint and isinstance(look, Down) and not hint.row.system:
            raise away(hint.name, look.why)
        self.hints.pop(key, None)
        if hint and look and has_ended(hint, look):
            return None
        said = look_at(self.hosts_here, within, self._name(key))
        looks = self.reimaging.corrected(said, within)
        if held := {host: look for host, look in looks.items() if isinstance(look, Look) and self._is(key, look)}:
            host = self.hints[key] = min(held, key=lambda host: first(key, host, held[host]))
            return host, held[host]
        if marked := self.reimaging.marked_for(key, within):
            return self._gone_from(marked, key, looks)
        is_over = any(has_ended(host, look) for host, look in said.items())
        if not is_over and any(isinstance(look, Down) for look in looks.values()):
            raise self._away(looks)
        return None

    def _gone_from(self, host: Host, key: str, looks: Looks) -> tuple[Host, Look]:
        """What is left of a machine on a host that Cobbler says it is on, and that does not say so itself."""
        if isinstance(look := looks[host], Down):
            raise away(host.name, look.why)
        return host, Look("wiping", key, self.owner)

    def _is(self, key: str, look: Look) -> bool:
        return (look.key, look.portal) == (key, self.owner)

    def _away(self, looks: Looks) -> TryAgain:
        """The stop for hosts that do not say."""
        return next(away(host.name, look.why) for host, look in looks.items() if isinstance(look, Down))

    def _holding(self, key: str, looks: Looks) -> dict[Host, Look]:
        """Who holds it for us. Raises GiveUp where somebody else's machine has its key."""
        found = {host: look for host, look in looks.items() if isinstance(look, Look) and look.key == key}
        if any(look.portal != self.owner for look in found.values()):
            raise GiveUp("machine-is-not-ours", blame=Blame.FABRIC, key=key)
        return found

    # --- reserving --------------------------------------------------------------------------------------------------

    def _claim(self, spec: MachineSpec, looks: Looks, within: float) -> dict[Host, Look]:
        """Take the first free host that is large enough, in an order of this key's own; then look at all the others again."""
        looks = self.reimaging.corrected(looks, within, spec.key)
        unprotected = [host for host in self.hosts_here if not host.row.protected]
        fitting = [host for host in unprotected if host.row.fits(spec.size)]
        if unprotected and not fitting:
            raise GiveUp("place-too-small", blame=Blame.FABRIC, memory_mib=spec.size.memory_mib)
        for host in sorted(fitting, key=lambda host: spread(spec.key, host)):
            look = looks[host]
            if isinstance(look, Down) or look.state != "free":
                continue
            look = host.change("host-claim", self._name(spec.key) | {"at": time.time()}, within)
            if look.claimed:
                others = [other for other in self.hosts_here if other is not host]
                return {host: look, **self._holding(spec.key, look_at(others, within))}
        if fitting and all(isinstance(looks[host], Down) for host in fitting):
            raise self._away(looks)
        raise TryAgain("place-is-full", blame=Blame.FABRIC)

    def _only_one(self, key: str, holding: dict[Host, Look], within: float) -> Host:
        """Of two hosts that were claimed for it at the same moment, one stays: what is confirmed, else the first in order.

        Of two that are confirmed, the older one fell silent before anybody had seen it there: nothing was brought to it.
        Nobody confirms before he has looked at all others behind his own claim, and a claim that was taken back cannot be
        confirmed: so of two who do this at the same time, at most one host is confirmed.
        """
        order = sorted(holding, key=lambda host: first(key, host, holding[host]))
        for other in order[1:]:
            is_old = holding[other].state in CONFIRMED
            look = other.change("host-wipe" if is_old else "host-withdraw", self._name(key), within)
            if self._is(key, look) and not is_old:
                raise TryAgain("place-troubled", blame=Blame.FABRIC, host=other.name)  # it was confirmed meanwhile
        return order[0]

    def _name(self, key: str) -> dict[str, str]:
        return {"key": key, "portal": self.owner}

    def _sighting(self, host: Host, look: Look) -> Sighting:
        row = host.row
        return Sighting(
            seen=SEEN[look.state],
            place_id=host.name,
            ssh=Endpoint(row.address, row.port),
            ports={name: Endpoint(row.address, number) for name, number in look.ports.items()},
            portal_host=self.options.git_door_host,
            detail=f"{look.state}; {look.told}".strip("; "),
            host_key=row.host_key,
            user=row.user,
            on_network=not look.cut,
        )


def first(key: str, host: Host, look: Look) -> tuple[bool, float, str]:
    """Which of several hosts is the machine's: a confirmed one, the latest of these; else the first in the order of its key."""
    is_confirmed = look.state in CONFIRMED
    return not is_confirmed, -look.at if is_confirmed else 0, spread(key, host)


def has_ended(host: Host, look: Look | Down) -> bool:
    """Whether the host of a machine says that it was wiped. One that is installed anew cannot tell; Cobbler does."""
    return isinstance(look, Look) and look.ended and not host.row.system


def spread(key: str, host: Host) -> str:
    """Where a host comes in the order of this key: so machines spread, and the same key always begins at the same one."""
    return hashlib.sha256(f"{key} {host.name}".encode()).hexdigest()
