"""What is known about the content of this machine: which, since when, and what is wrong with newer ones."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from machine.onboard.places import STATE, read_json, state, write_json
from machine.onboard.wire import Given

STATUS = STATE / "content.json"
EMPTY: dict[str, Any] = {
    "commit": "",
    "at": None,
    "checked_at": None,
    "attempted_at": None,
    "problem": "",
    "detail": "",
    "release": "",
    "after_owed": False,
    "placed": "",
    "good": "",
}


def status() -> dict[str, Any]:
    """The status as it was written last."""
    return {**EMPTY, **(read_json(STATUS) or {})}


def note(**changes: Any) -> None:
    """Write down what changed."""
    state()
    write_json(STATUS, {**status(), **changes})


def now() -> str:
    """The machine's own time. It may be wrong; `age` is a difference of two of them, and right unless it was set between."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def seconds_since(at: str | None) -> float | None:
    """How long ago. None for never, and for a moment that is still to come: the clock was ahead then, and nobody can say."""
    since = time.time() - datetime.fromisoformat(at).timestamp() if at else -1.0
    return since if since >= 0 else None


def content(_: Given) -> dict[str, Any]:
    """Answer what is known, and how old the last good look is."""
    known = status()
    told = {name: known[name] for name in ("commit", "at", "checked_at", "attempted_at", "problem", "detail")}
    return {**told, "age": seconds_since(known["checked_at"])}
