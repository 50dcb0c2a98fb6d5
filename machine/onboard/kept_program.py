"""A program of the app that is kept alive: how it is started, again and again but not in a frenzy, and how it ends.

The supervisor of the machine (runit, or systemd) calls us to start it; we become it, so nothing of ours stays behind.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from machine.onboard import kernel
from machine.onboard.places import PROGRAMS, read_json, write_json
from machine.onboard.program import Program
from machine.onboard.wire import Refused

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
HEALTHY = 30.0
"""Seconds after which a start counts as a good one."""
LONGEST_PAUSE = 60.0
GRACE = 5.0
MARK = "FAIRGROUND_PROGRAM"


def folder(name: str) -> Path:
    """Where we keep what we know about it."""
    if not NAME.fullmatch(name):
        raise Refused("bad-input", "name: expected [a-z0-9-]")
    return PROGRAMS / name


def program_of(spec: dict[str, Any]) -> Program:
    """What is to run."""
    env = {**spec["env"], MARK: spec["name"]}
    return Program(spec["run"], spec["directory"], spec["user"], spec["env_file"], env)


def program_run(name: str) -> int:  # noqa: RET503 - on success there is no return
    """Called by the supervisor: wait if it crashed just now, write down who it is, become it."""
    place = folder(name)
    spec, past = read_json(place / "program.json"), read_json(place / "past.json") or {}
    if spec is None:
        time.sleep(LONGEST_PAUSE)
        return 1
    with suppress(PermissionError):
        os.setsid()
    me = {
        "pid": os.getpid(),
        "since": kernel.started(os.getpid()),
        "mark": kernel.reboot_mark(),
        "at": time.time(),
        "starts": starts(place) + 1,
    }
    crashes = past.get("crashes", 0)
    if crashes:
        write_json(place / "run.json", {**me, "state": "backing-off"})
        time.sleep(min(2.0 ** (crashes - 1), LONGEST_PAUSE))
    write_json(place / "run.json", {**me, "state": "running", "at": time.time()})
    program_of(spec).become()


def starts(place: Path) -> int:
    """How often it was started so far."""
    return int((read_json(place / "run.json") or {}).get("starts", 0))


def program_ended(name: str, code: str = "0", status: str = "0") -> int:
    """Called by the supervisor after its end: put down what is left of its group, count crashes."""
    place = folder(name)
    run, past = read_json(place / "run.json") or {}, read_json(place / "past.json") or {}
    if run.get("mark") == kernel.reboot_mark() and kernel.started(run["pid"]) is None:
        put_down(run["pid"])
    lived = time.time() - run.get("at", 0)
    asked = past.get("asked", False) or run.get("state") == "backing-off"
    crashes = 0 if asked or lived >= HEALTHY else past.get("crashes", 0) + 1
    write_json(place / "past.json", {"crashes": crashes, "code": told_code(code, status), "at": int(time.time())})
    return 0


def told_code(code: str, status: str) -> int:
    """The exit code, or 128 + the signal: runit says -1 and a wait status then, systemd the signal's name."""
    if code.isdigit():
        return int(code)
    if code.isalpha():
        return 128 + getattr(signal, f"SIG{code}", 127)
    return 128 + (int(status) & 127)


def put_down(leader: int) -> None:
    """TERM, then KILL, to whatever of a dead leader's group is still there."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + GRACE
        while kernel.group(leader) and time.monotonic() < end:
            kernel.signal_group(leader, number)
            time.sleep(0.05)


def program_signal(name: str, word: str) -> int:
    """Called by the supervisor instead of signalling by itself: the whole group is meant. 1 = there is none of ours."""
    run = read_json(folder(name) / "run.json") or {}
    if not kernel.alive(run.get("pid"), run.get("since")):
        return 1
    kernel.signal_group(run["pid"], signal.Signals[f"SIG{word}"])
    return 0
