"""Putting and reading files, whole and bounded."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from machine.onboard.places import write_whole
from machine.onboard.wire import Given, Refused, number, text

MOST = 64 * 1024 * 1024


def put(given: Given) -> dict[str, Any]:
    """Write a file from the bytes behind the question: {path, sha256, mode}. Parent folders are made (0755)."""
    path = Path(text(given, "path"))
    content: bytes = given.get("behind", b"")
    if not path.is_absolute() or ".." in path.parts:
        raise Refused("bad-input", "path: expected an absolute path")
    if hashlib.sha256(content).hexdigest() != given.get("sha256"):
        raise Refused("damaged", "the bytes that arrived are not those that were sent")
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_whole(path, content, int(number(given, "mode", 0o600, most=0o777)))
    return {"size": len(content)}


def read(given: Given) -> tuple[dict[str, Any], bytes]:
    """Read a slice of a regular file: {path, offset, limit}. Answers {size} and then the bytes.

    A link is not followed, and a pipe is not waited for: what lies there may be meant for us.
    """
    limit = int(number(given, "limit", most=MOST))
    offset = int(number(given, "offset", 0))
    try:
        descriptor = os.open(text(given, "path"), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Refused("no-such-file", text(given, "path"))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused("not-a-file", text(given, "path"))
        file.seek(offset)
        content = file.read(limit)
        return {"size": os.fstat(descriptor).st_size}, content
