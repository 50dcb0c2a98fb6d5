"""How a verb is asked and answered: one JSON line, then raw bytes where the verb says so, in both directions."""

from __future__ import annotations

import errno
import json
import sys
from typing import Any, Callable

LONGEST_LINE = 4 * 1024 * 1024

Given = dict[str, Any]
Verb = Callable[[Given], Any]
"""Takes the JSON object; returns a JSON object, or (JSON object, bytes to send behind it)."""


class Refused(Exception):  # noqa: N818 - not an error: an answer
    """The verb will not, or cannot. `code` is for programs, `detail` for the technical log; neither holds a secret."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def serve(verb: Verb) -> int:
    """Answer one question from standard input. Exit 0 even for a refusal: the answer says so itself."""
    try:
        given = question()
        answer = verb(given)
    except Refused as refused:
        return refuse(refused.code, refused.detail)
    except OSError as error:
        return refuse(os_code(error), str(error))
    told, behind = answer if isinstance(answer, tuple) else (answer, b"")
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + behind)
    sys.stdout.buffer.flush()
    return 0


def question() -> Given:
    """Read the JSON line from standard input. An empty input is an empty object."""
    line = sys.stdin.buffer.readline(LONGEST_LINE)
    try:
        given = json.loads(line or b"{}")
    except ValueError as error:
        raise Refused("not-json", str(error))
    if not isinstance(given, dict):
        raise Refused("not-json", "expected an object")
    return {name: value for name, value in given.items() if value is not None}


def refuse(code: str, detail: str = "") -> int:
    """Say no, in JSON."""
    print(json.dumps({"error": {"code": code, "detail": detail[:2000]}}))
    return 0


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
