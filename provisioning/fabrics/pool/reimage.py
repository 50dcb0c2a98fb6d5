"""Hosts that are installed anew after each machine, by Cobbler. Whoever was root on one left nothing there.

    no mark ── a machine is let in ──> taken ── removal ──> off ──> install ──> no mark, or failed

A host on which somebody was root cannot tell whether it is clean. So Cobbler's record of it remembers whose it is (the mark).
It is set before a machine is let in, and taken away when the host was seen switched off, was installed after that, shows the
host key that the admin wrote down, and knows the word that only this installation was given. All else ends in quarantine,
never in a free host. Nobody waits: each look takes the next step, and every step may be repeated.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from provisioning import driver as told
from provisioning.errors import Blame, GiveUp, NotYet, Stop, TryAgain
from provisioning.fabrics.pool.cobbler import INHERITED, Cobbler, System, left, troubled
from provisioning.fabrics.pool.cobbler_options import CobblerOptions
from provisioning.fabrics.pool.host import Down, Host, Look, shown
from provisioning.fabrics.pool.looks import Looks
from provisioning.fabrics.pool.marks import OURS, SILENT, WHY, Mark, Marked, Stage, believed, mark_of

INSTALLED = "/etc/fairground-installed"
"""Where the installer writes the word."""
KNOCK = 5.0
"""Seconds that a host is waited for in a step: most of the time it is off, or being installed."""
DRIFT = 60.0
"""Seconds by which clocks may differ. A beginning further in the future makes no sense, and nothing is waited for."""


class Reimaging:
    """Those hosts of a place that have a name in Cobbler."""

    def __init__(
        self,
        hosts: Sequence[Host],
        options: CobblerOptions | None,
        owner: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.hosts = [host for host in hosts if host.row.system]
        self.owner = owner
        self.clock = clock
        if options:
            self.options, self.cobbler = options, Cobbler(options)

    # --- looking ----------------------------------------------------------------------------------------------------

    def marked_for(self, key: str, within: float) -> Host | None:
        """The host that is marked for this machine, whatever it says itself."""
        if not self.hosts:
            return None
        marks = self._marks(time.monotonic() + within)
        return next(
            (host for host, mark in marks.items() if isinstance(mark, Mark) and mark.is_of(key, self.owner)), None
        )

    def corrected(self, looks: Looks, within: float, asker: str = "") -> Looks:
        """What hosts say, set right by the marks. A free one is believed only with Cobbler's word; `asker`'s own mark is none."""
        if not any(host.row.system for host in looks):
            return looks
        try:
            marks: Mapping[Host, Mark | Down] = self._marks(time.monotonic() + within)
        except TryAgain as stop:
            marks = {host: Down(stop) for host in self.hosts}
        counted = {host: mark for host, mark in marks.items() if not self._is_taken_by(asker, mark)}
        return {host: believed(look, counted.get(host, Mark())) for host, look in looks.items()}

    def _is_taken_by(self, key: str, mark: Mark | Down) -> bool:
        return isinstance(mark, Mark) and mark.stage == Stage.TAKEN and mark.is_of(key, self.owner)

    def _marks(self, until: float) -> Mapping[Host, Mark | Down]:
        """All of them. A host that Cobbler does not know, or knows at another address, is Down: nobody knows what is on it."""
        systems = self.cobbler.systems(until)
        found: dict[Host, Mark | Down] = {}
        for host in self.hosts:
            try:
                found[host] = mark_of(system_for(host, systems))
            except TryAgain as stop:
                found[host] = Down(stop)
        return found

    # --- taking and giving back -------------------------------------------------------------------------------------

    def take(self, host: Host, key: str, within: float) -> None:
        """Mark it, before anything of the machine is let in. Raises TryAgain where it is marked for another."""
        if host not in self.hosts:
            return
        until = time.monotonic() + within
        system = system_for(host, self.cobbler.systems(until))
        mark = mark_of(system)
        if self._is_taken_by(key, mark):
            return
        if mark.stage:
            raise TryAgain("place-troubled", blame=Blame.FABRIC, host=host.name, said=f"it is marked: {mark.stage}")
        self._write(system, Mark(Stage.TAKEN, key, self.owner, self.clock()), until)

    def remove(self, host: Host, key: str, within: float) -> bool:
        """Take the next step towards a host on which nothing is left. True when it is free."""
        until = time.monotonic() + within
        system = system_for(host, self.cobbler.systems(until))
        mark = mark_of(system)
        if mark.stage in (Stage.NOBODYS, Stage.TAKEN):
            self._begin(host, system, key, until)
        elif not mark.is_of(key, self.owner):
            raise TryAgain("place-troubled", blame=Blame.FABRIC, host=host.name, said=f"it is marked: {mark.stage}")
        elif mark.stage == Stage.FAILED:
            raise quarantined(host, mark.why)
        else:
            return self._go_on(host, system, mark, until)
        return False

    def release(self, host: Host, within: float) -> bool:
        """Out of quarantine, because an administrator says so: free if it is as it should be now, else installed once more.

        False if it is not in this kind of quarantine.
        """
        if host not in self.hosts:
            return False
        until = time.monotonic() + within
        system = system_for(host, self.cobbler.systems(until))
        mark = mark_of(system)
        if mark.stage in (Stage.NOBODYS, Stage.TAKEN):
            return False
        if mark.stage != Stage.FAILED:
            raise NotYet("host-is-being-wiped", host=host.name)
        if mark.portal != self.owner:
            raise quarantined(host, mark.why)
        if not mark.word or self._what_is_wrong(host, mark, until):
            self._write(system, Mark(Stage.OFF, mark.key, mark.portal, self.clock()), until)
            raise NotYet("host-is-being-wiped", host=host.name)
        self._clear(system, until)
        return True

    # --- the way from taken to free ---------------------------------------------------------------------------------

    def _begin(self, host: Host, system: System, key: str, until: float) -> None:
        mark = Mark(Stage.OFF, key, self.owner, self.clock())
        look = host.look(
            min(KNOCK, left(until))
        )  # a silent one is switched off all the same: what was on it is settled
        if isinstance(look, Look) and look.key and (look.key, look.portal) != (key, self.owner):
            self._fail(host, system, mark, "another", until)
        self._write(system, mark, until)

    def _go_on(self, host: Host, system: System, mark: Mark, until: float) -> bool:
        """From off to install, from install to free."""
        is_late = not -DRIFT <= self.clock() - mark.since < self.options.patience.total_seconds()
        if mark.stage == Stage.OFF:
            if is_late:
                self._fail(host, system, mark, "power", until)
            self._switch_off(system, mark, until)
            return False
        if not is_late and not self.cobbler.is_on(system.name, until):
            self.cobbler.power(system.name, "on", until)
            return False
        wrong = self._what_is_wrong(host, mark, until)
        if not wrong:
            self._clear(system, until)
            return True
        if (not system.netboot and wrong != SILENT) or is_late:
            self._fail(host, system, mark, "installer" if system.netboot else wrong, until)
        return False

    def _switch_off(self, system: System, mark: Mark, until: float) -> None:
        """Only when it is off it is told to install, and what its word is: what ran on it can neither know nor turn it back."""
        if self.cobbler.is_on(system.name, until):
            self.cobbler.power(system.name, "off", until)
            return
        mark = replace(mark, stage=Stage.INSTALL, word=secrets.token_hex(16))
        self._write(system, mark, until, netboot_enabled=True, profile=self.options.profile)

    def _what_is_wrong(self, host: Host, mark: Mark, until: float) -> str:
        """Ask the host for the word of its installation; empty if it is right."""
        try:
            said = host.remote.run(f"cat {INSTALLED}", b"", 256, host.patience(min(KNOCK, left(until))))
        except Stop as stop:
            return stop.code if isinstance(stop, GiveUp) and stop.code in WHY else SILENT
        return "" if mark.word and said.out.strip() == mark.word.encode() else "word"

    def _fail(self, host: Host, system: System, mark: Mark, why: str, until: float) -> None:
        """Into quarantine, and it is not installed over and over at each start."""
        self._write(system, replace(mark, stage=Stage.FAILED, why=why), until, netboot_enabled=False)
        raise quarantined(host, why)

    def _clear(self, system: System, until: float) -> None:
        self._write(system, None, until, netboot_enabled=False)

    def _write(self, system: System, mark: Mark | None, until: float, **changed: object) -> None:
        """Change the mark, and leave what others keep in the record."""
        others = {name: value for name, value in system.meta.items() if not name.startswith(OURS)}
        meta = {**others, **(mark.entries() if mark else {})}
        self.cobbler.edit(system, until, **changed, autoinstall_meta=meta or INHERITED)


def system_for(host: Host, systems: Mapping[str, System]) -> System:
    """The record with exactly this name, if it is of the computer at exactly this address. Raises TryAgain."""
    system = systems.get(host.row.system)
    if system is None:
        raise troubled(f"it has no system {host.row.system}")
    if not system.is_at(host.row.address):
        raise troubled(f"its system {host.row.system} is not at {host.row.address}")
    return system


def as_shown(host: Host, look: Look | Down) -> told.Host:
    """A host as an admin sees it."""
    plainly = shown(host, look)
    return replace(plainly, told=look.sentence, params={}) if isinstance(look, Marked) else plainly


def quarantined(host: Host, why: str) -> TryAgain:
    """The stop for a host that is given to nobody."""
    return TryAgain("host-in-quarantine", blame=Blame.FABRIC, host=host.name, found=WHY.get(why, WHY[SILENT]))
