"""Looking at a job. Apart from the rest, because looks are frequent and what they import costs the machine's time."""

from __future__ import annotations

import base64
import fcntl
import os
import re
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

from machine.onboard.job_log import last_words, read_log
from machine.onboard.places import JOBS, read_json
from machine.onboard.wire import Given, Refused, number, text

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
MOST_LOG = 64 * 1024


def job_name(given: Given) -> str:
    """A name that is a folder's name and nothing else."""
    name = text(given, "name")
    if not NAME.fullmatch(name):
        raise Refused("bad-input", "name: expected [a-z0-9-]{1,64}")
    return name


def job_peek(given: Given) -> dict[str, Any]:
    """Look at a job: {name, offset, wait}. Waits up to `wait` (≤ 1 s) for its end.

    {state: none} | {state: running, …} | {state: exited, code, cause, tail, …} | {state: broken, why}, with
    {log, offset, written}: at most 64 KiB of output in base64, where it begins, how much there is in all.
    """
    folder = JOBS / job_name(given)
    if not folder.exists():
        return {"state": "none"}
    free = wait_for_end(folder, number(given, "wait", 0, most=1))
    ended = read_json(folder / "exit.json")
    if ended is None and free:
        why = import_module("machine.onboard.jobs").revive(folder)
        if why:
            return {"state": "broken", "why": why, **output(folder, given)}
    if ended is None:
        return {"state": "running", **output(folder, given)}
    tail = base64.b64encode(last_words(folder)).decode()
    return {"state": "exited", "code": ended["code"], "cause": ended["cause"], "tail": tail, **output(folder, given)}


def output(folder: Path, given: Given) -> dict[str, Any]:
    """The slice of the log that was asked for."""
    offset, chunk, written = read_log(folder, int(number(given, "offset", 0)), MOST_LOG)
    return {"log": base64.b64encode(chunk).decode(), "offset": offset, "written": written}


def wait_for_end(folder: Path, seconds: float) -> bool:
    """True if nobody runs this job (any more). The runner's lock falls with the runner, however it dies."""
    descriptor = os.open(folder / "lock", os.O_RDWR)
    signal.signal(signal.SIGALRM, give_up_waiting)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | (0 if seconds else fcntl.LOCK_NB))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except (BlockingIOError, TimeoutError):
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.close(descriptor)
    return True


def give_up_waiting(*_: object) -> None:
    """Called by the alarm."""
    raise TimeoutError
