"""A machine whose portal is not heard of for long ends by itself, so that nothing costs for ever that nobody looks after.

`end-itself` says when, and moves with every word from the portal. Then either the machine switches itself off, its disk as it
is, or, where nobody could switch it on again, everything of the app ends and the machine stays. How is loaded only then: to
say when is among the first things that a new machine is asked.
"""

from __future__ import annotations

import subprocess
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from machine.onboard import kernel
from machine.onboard.places import CODE, CRON_END, ROOT, STATE, UNITS, read_json, state, write_json, write_whole
from machine.onboard.wire import Given, number

END = STATE / "end.json"
POWEROFF = ROOT / "sbin/poweroff"
LEAST_UP = 3600.0
"""Seconds: who starts a machine that has switched itself off has as long to say something else."""
LOOK = f"{CODE}/current/onboard end-if-due"
LINE = f"""\
# Fairground: ends this machine when its portal has not been heard of for long. Written by `onboard end-itself`.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
*/10 * * * * root exec {LOOK} >/dev/null 2>&1
"""
NAME = "fairground_end"
"""Of the units; not as programs of the app are called."""
SERVICE = f"""\
[Unit]
Description=Fairground: has the portal been silent for long?

[Service]
Type=oneshot
ExecStart={LOOK}
"""
TIMER = """\
[Unit]
Description=Fairground: has the portal been silent for long?

[Timer]
OnCalendar=*:0/10

[Install]
WantedBy=timers.target
"""


def end_itself(given: Given) -> dict[str, Any]:
    """End at {at} (seconds since 1970) unless told otherwise; {switch_off} says how.

    Tells whether it has ended, and does so until it hears that what had ended was begun anew ({begun_anew}).
    """
    known = read_json(END) or {}
    ended = bool(known.get("ended")) and given.get("begun_anew") is not True
    wanted = {"at": number(given, "at"), "switch_off": given.get("switch_off") is True, "ended": ended}
    if known != wanted:
        state()
        write_json(END, wanted)
    return {"had_ended": ended, "looked_after": _looked_after()}


def end_if_due() -> int:
    """Look at the clock, as cron or systemd asks for. What was done once is not done again."""
    known = read_json(END) or {}
    if not known or known.get("ended") or time.time() < known["at"]:
        return 0
    if not known["switch_off"]:
        import_module("machine.onboard.end_all").end_all({})
        write_json(END, {**known, "ended": True})
    elif kernel.uptime() >= LEAST_UP:
        subprocess.run([POWEROFF], check=False)
    return 0


def _looked_after() -> bool:
    """Have somebody look every ten minutes: systemd where it is pid 1, else cron. False if there is neither."""
    if Path("/run/systemd/system").is_dir():
        for kind, content in (("service", SERVICE), ("timer", TIMER)):
            _written(UNITS / f"{NAME}.{kind}", content)
        words = ["enable", "--now", f"{NAME}.timer"]
        return subprocess.run(["systemctl", "--quiet", *words], capture_output=True, check=False).returncode == 0
    if not CRON_END.parent.is_dir():
        return False
    _written(CRON_END, LINE)
    return True


def _written(path: Path, content: str) -> None:
    if not path.is_file() or path.read_text(errors="replace") != content:
        write_whole(path, content.encode(), 0o644)
