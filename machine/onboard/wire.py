"""How a verb is asked and answered: one JSON line, then as many raw bytes as its `behind` says, in both directions."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any, Callable

LONGEST_LINE = 4 * 1024 * 1024
MOST_BEHIND = 64 * 1024 * 1024
IDLE = 5.0
"""Seconds without a question after which a conversation ends: it takes memory that is the app's."""

Given = dict[str, Any]
Verb = Callable[[Given], Any]
"""Takes the JSON object, bytes that came behind it as `behind`; returns one, or (one, bytes to send behind it)."""
Finder = Callable[[str], Verb]
"""Finds a verb by its name. Raises Refused."""


class Refused(Exception):  # noqa: N818 - not an error: an answer
    """The verb will not, or cannot. `code` is for programs, `detail` for the technical log; neither holds a secret."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.told = {"code": code, "detail": detail[:2000]}


def serve(find: Finder, name: str) -> int:
    """Answer one question from standard input. Exit 0 even for a refusal: the answer says so itself."""
    answer(find, sys.stdin.buffer.readline(LONGEST_LINE), name)
    return 0


def converse(find: Finder) -> int:
    """Answer question after question, each with its `verb`, until nobody asks any more.

    A Python that starts costs a small machine more than most answers do.
    """
    while True:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, IDLE)
        line = sys.stdin.buffer.readline(LONGEST_LINE)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not line:
            return 0
        with suppress(ChildProcessError):  # jobs that we sent off and that have ended
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not answer(find, line):
            return 1


def answer(find: Finder, line: bytes, name: str = "") -> bool:
    """Answer one question. False if it was none: who knows where the next one begins?"""
    try:
        given = question(line)
    except Refused as refused:
        tell({"error": refused.told})
        return False
    try:
        answer = find(name or str(given.pop("verb", "")))(given)
    except Refused as refused:
        answer = {"error": refused.told}
    except OSError as error:
        answer = {"error": Refused(os_code(error), str(error)).told}
    tell(*answer) if isinstance(answer, tuple) else tell(answer)
    return True


def tell(told: Given, behind: bytes | None = None) -> None:
    """Write one answer."""
    if behind is not None:
        told = {**told, "behind": len(behind)}
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + (behind or b""))
    sys.stdout.buffer.flush()


def question(line: bytes) -> Given:
    """Read a JSON line, and the bytes behind it if it says that there are some. An empty line is an empty object."""
    try:
        given = json.loads(line or b"{}")
    except ValueError as error:
        raise Refused("not-json", str(error))
    if not isinstance(given, dict):
        raise Refused("not-json", "expected an object")
    given = {name: value for name, value in given.items() if value is not None}
    if "behind" in given:
        given["behind"] = sys.stdin.buffer.read(int(number(given, "behind", most=MOST_BEHIND)))
    return given


def os_code(error: OSError) -> str:
    """The few operating system errors that somebody can do something about, by name."""
    full = {errno.ENOSPC: "disk-full", errno.EDQUOT: "disk-full", errno.EROFS: "disk-read-only"}
    return full.get(error.errno or 0, "os-error")


def text(given: Given, name: str, default: str | None = None) -> str:
    """A text without NUL, which no path and no argument may hold."""
    value = given.get(name, default)
    if not isinstance(value, str) or "\0" in value:
        raise Refused("bad-input", f"{name}: expected text without NUL")
    return value


def number(given: Given, name: str, default: float | None = None, *, least: float = 0, most: float = 2**53) -> float:
    """A number within bounds."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Refused("bad-input", f"{name}: expected a number from {least} to {most}")
    return value


def texts(given: Given, name: str, default: list[str] | None = None) -> list[str]:
    """A list of texts without NUL."""
    value = given.get(name, default)
    if not isinstance(value, list) or any(not isinstance(one, str) or "\0" in one for one in value):
        raise Refused("bad-input", f"{name}: expected a list of texts without NUL")
    return list(value)
