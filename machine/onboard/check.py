"""`check`: a program of the app is asked whether the service is well. It is waited for, so it gets little time and few words."""

from __future__ import annotations

import select
import subprocess
import time
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from machine.onboard.hook import put_down
from machine.onboard.places import SERVICE
from machine.onboard.program import Program
from machine.onboard.wire import Given, Refused, number, text

LONGEST = 15.0
"""Seconds."""
MOST_SAID = 2000
"""Bytes of its last words that are told."""
OFTEN = 0.1
"""Seconds between two looks whether it has ended although somebody still holds its output."""
LATE_CODE = 124


def check(given: Given) -> dict[str, Any]:
    """Run a program of the service: {path, env_file, timeout}. {code, said}: its exit status (124 = too late), last words."""
    path = PurePosixPath(text(given, "path"))
    if path.is_absolute() or ".." in path.parts:
        raise Refused("bad-input", "path: expected a path in the service")
    timeout = number(given, "timeout", 10, least=0.1, most=LONGEST)
    program = Program([str(SERVICE / path)], str(SERVICE), "root", text(given, "env_file", ""))
    try:
        asked = started(program)
    except OSError as error:
        return {"code": 127, "said": str(error)}
    try:
        said = listen(asked, time.monotonic() + timeout)
        code = asked.poll()
    finally:
        put_down(asked)
    return {"code": LATE_CODE if code is None else code, "said": said.decode(errors="replace")}


def started(program: Program) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, with nothing to read and nothing of our environment."""
    return subprocess.Popen(
        program.argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        env=program.environment(),
        cwd=program.directory,
        umask=0o022,
        start_new_session=True,
    )


def listen(asked: subprocess.Popen[bytes], until: float) -> bytes:
    """Its last words, when it has ended or its time is over."""
    said, is_open = b"", True
    assert asked.stdout
    while (left := until - time.monotonic()) > 0:
        has_ended = asked.poll() is not None
        if is_open and select.select([asked.stdout], [], [], 0 if has_ended else min(left, OFTEN))[0]:
            chunk = asked.stdout.read(64 * 1024)
            said, is_open = (said + chunk)[-MOST_SAID:], bool(chunk)
        elif has_ended:
            break
        elif not is_open:
            with suppress(subprocess.TimeoutExpired):
                asked.wait(min(left, OFTEN))
    return said
