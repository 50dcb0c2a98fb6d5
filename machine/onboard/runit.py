"""Programs kept alive by runit: where pid 1 of the machine runs `runsvdir /etc/service`."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from machine.onboard import tree
from machine.onboard.places import CODE, LOGS, RUNIT_LINKS, RUNIT_SERVICES, write_whole

PREFIX = "fairground-"
WAIT = "8"
SCAN = 6.0
"""Seconds within which runsvdir finds a new folder: it looks every five."""
ROTATION = b"s200000\nn4\n"
ONBOARD = f"{CODE}/current/onboard"
SCRIPTS = {
    "run": f'#!/bin/sh\nexec 2>&1\nexec {ONBOARD} program-run "${{PWD##*/{PREFIX}}}"\n',
    "finish": f'#!/bin/sh\nexec {ONBOARD} program-ended "${{PWD##*/{PREFIX}}}" "$1" "$2"\n',
    "control/t": f'#!/bin/sh\nexec {ONBOARD} program-signal "${{PWD##*/{PREFIX}}}" TERM\n',
    "log/run": f'#!/bin/sh\nexec svlogd -tt "{LOGS}/$(basename "$(dirname "$PWD")")"\n',
}


class Runit:
    """The supervisor of container machines."""

    def kept(self) -> set[str]:
        """Names of the programs it keeps alive."""
        links = RUNIT_LINKS.glob(f"{PREFIX}*")
        return {link.name[len(PREFIX) :] for link in links if not (link / "down").exists()}

    def announce(self, name: str) -> None:
        """Let runit find the folder of a program that is to be kept later."""
        place = RUNIT_SERVICES / f"{PREFIX}{name}"
        if not (RUNIT_LINKS / place.name).exists():
            place.mkdir(parents=True, exist_ok=True)
            (place / "down").touch()
            self.furnish(name, place)

    def keep(self, name: str) -> None:
        """Keep a program alive from now on, also after a reboot."""
        place = RUNIT_SERVICES / f"{PREFIX}{name}"
        self.furnish(name, place)
        if (place / "down").exists():
            deadline = time.monotonic() + SCAN
            while not (place / "supervise/ok").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            self.sv("up", [place], is_awaited=False)
            (place / "down").unlink()

    def furnish(self, name: str, place: Path) -> None:
        """Write the folder of a program, and link it where runit looks."""
        for script, content in SCRIPTS.items():
            path = place / script
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_text() != content:
                write_whole(path, content.encode(), 0o755)
        logs = LOGS / f"{PREFIX}{name}"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(logs / "config", ROTATION)
        RUNIT_LINKS.mkdir(parents=True, exist_ok=True)
        tree.point(RUNIT_LINKS / place.name, place)

    def restart(self, names: list[str]) -> None:
        """End and start again. One that is not up yet will be."""
        self.sv("force-restart", [RUNIT_LINKS / f"{PREFIX}{name}" for name in names])

    def drop(self, names: list[str]) -> None:
        """End programs and keep them no more."""
        for name in names:
            (RUNIT_LINKS / f"{PREFIX}{name}").unlink(missing_ok=True)
        self.sv("force-shutdown", [RUNIT_SERVICES / f"{PREFIX}{name}" for name in names])

    def sv(self, verb: str, places: list[Path], *, is_awaited: bool = True) -> None:
        """Tell runit, and wait for it: half a second at least."""
        there = [str(place) for place in places if (place / "supervise/ok").exists()]
        if there:
            wait = ["-w", WAIT] if is_awaited else []
            subprocess.run(
                ["sv", *wait, verb, *there], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            )

    def said(self, name: str, limit: int) -> bytes:
        """The last output of a program."""
        folder = LOGS / f"{PREFIX}{name}"
        files = [*sorted(folder.glob("@*.[su]"))[-1:], folder / "current"]
        return b"".join(path.read_bytes() for path in files if path.exists())[-limit:]

    def forget(self, name: str) -> None:
        """Remove what was written for a program."""
        shutil.rmtree(RUNIT_SERVICES / f"{PREFIX}{name}", ignore_errors=True)
