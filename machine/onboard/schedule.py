"""Regular pulls: one line for cron, the same whenever it is written, with a minute and second of this machine's own."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from machine.onboard import kernel
from machine.onboard.places import CRON, read_json, state, write_json, write_whole
from machine.onboard.pull import SCHEDULE
from machine.onboard.wire import Given, Refused, number, text

LINE = """\
# Fairground: new content. Written by `onboard schedule`; checked and written again if it is changed.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
{when} root sleep {seconds}; exec /opt/fairground/current/onboard pull-scheduled >/dev/null 2>&1
"""
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
PART = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")
SPREAD = 240
"""Seconds over which machines with the same cron expression are spread."""


def line(given: Given) -> str:
    """The whole file for cron: {every: minutes} or {cron: five fields}, and {key} for the jitter."""
    dice = int.from_bytes(hashlib.sha256(text(given, "key", "").encode()).digest()[:8], "big")
    expression = text(given, "cron", "")
    if expression:
        return LINE.format(when=checked(expression), seconds=dice % SPREAD)
    step = math.gcd(int(number(given, "every", least=1, most=44640)), 60)
    minutes = f"{dice % step}-59/{step}" if step < 60 else str(dice % 60)
    return LINE.format(when=f"{minutes} * * * *", seconds=dice // 60 % 60)


def checked(expression: str) -> str:
    """Five fields of numbers, ranges, steps and lists within their bounds; nothing else gets into cron's file."""
    fields = expression.split()
    if len(fields) != 5 or "\n" in expression:
        raise Refused("bad-input", "cron: expected five fields")
    for field, (least, most) in zip(fields, BOUNDS):  # noqa: B905 - Python 3.9 has no `strict`
        for part in field.split(","):
            found = PART.fullmatch(part)
            if not found:
                raise Refused("bad-input", f"cron: {part!r} is neither number, range, step nor *")
            numbers = [int(one) for one in found.groups()[:2] if one is not None]
            if numbers != sorted(numbers) or any(not least <= one <= most for one in numbers) or found[3] == "0":
                raise Refused("bad-input", f"cron: {part!r} is not within {least}-{most}")
    return " ".join(fields)


def schedule(given: Given) -> dict[str, Any]:
    """Make it so."""
    wanted = line(given)
    if not CRON.parent.is_dir():
        raise Refused("no-cron", f"{CRON.parent} is not there")
    changed = not right(given)
    if changed:
        state()
        write_json(SCHEDULE, {"every": 0 if given.get("cron") else given["every"]})
        write_whole(CRON, wanted.encode(), 0o644)
    return {"changed": changed, "line": wanted.splitlines()[-1], "cron_runs": cron_runs()}


def schedule_check(given: Given) -> dict[str, Any]:
    """Is it there as it should be, and is there somebody who reads it?"""
    return {"right": right(given), "cron_runs": cron_runs()}


def right(given: Given) -> bool:
    """Does cron's file say what it should?"""
    wanted = line(given)
    known = read_json(SCHEDULE) or {}
    every = 0 if given.get("cron") else given["every"]
    return CRON.is_file() and CRON.read_text(errors="replace") == wanted and known.get("every") == every


def unschedule(_: Given) -> dict[str, Any]:
    """No more regular pulls."""
    changed = CRON.exists() or SCHEDULE.exists()
    SCHEDULE.unlink(missing_ok=True)
    CRON.unlink(missing_ok=True)
    return {"changed": changed}


def cron_runs() -> bool:
    """Is a cron at work?"""
    return any(kernel.name(pid) in ("cron", "crond") for pid in kernel.pids())
