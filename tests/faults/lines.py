"""A tracer that counts the lines of the reconciler and of what it calls, and at one of them does something terrible."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import connection, connections

PLACES = (
    "provisioning/reconciler",
    "provisioning/steps",
    "provisioning/admission",
    "provisioning/models/statements",
    "provisioning/vault",
    "provisioning/slots",
    "portal/hook",
)
"""Not the memory fabric and the memory door: they are the far side, which does not die in the middle with a worker."""
ONLY_READ = ("reconciler/jobs", "reconciler/sweep")
"""Half of all lines, between which nothing changes anywhere."""
_OURS: dict[str, bool] = {}


class Killed(BaseException):
    """kill -9."""


class Tracer:
    """Counts lines of ours; strikes once, at line `at` (never, if None)."""

    def __init__(self, at: int | None = None, strike: Callable[[FrameType], None] | None = None) -> None:
        self.at = at
        self.strike = strike or _kill
        self.lines = 0
        self.met: dict[tuple[str, int], tuple[int, int]] = {}
        """Each line of the source: when it was met first, and last."""

    def trace(self, story: Callable[[], object]) -> None:
        """Tell a story under this tracer."""
        sys.settrace(self._called)
        try:
            story()
        finally:
            sys.settrace(None)

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if _is_ours(frame.f_code.co_filename) else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self.lines += 1
            line = frame.f_code.co_filename, frame.f_lineno
            self.met[line] = self.met.get(line, (self.lines,))[0], self.lines
            if self.at is not None and self.lines >= self.at and self._may_strike(frame):
                self.at = None
                sys.settrace(None)
                self.strike(frame)
        return self._line

    def _may_strike(self, frame: FrameType) -> bool:
        """A death may come at any line.

        A pause inside a transaction would only let the others wait for it; one between a statement and its answer would
        let them ask on the same connection, which two workers never share.
        """
        asks = frame.f_code.co_filename.endswith("provisioning/models/statements.py")
        return self.strike is _kill or not (asks or connection.in_atomic_block)


def bury() -> None:
    """What a dead worker held open is rolled back by the database; a fresh one connects anew.

    The tracer may strike between a `with` block's last line and its end, so that no `__exit__` runs, as in a real death.
    """
    if connection.connection is not None:
        connection.connection.close()
    del connections[connection.alias]


def _kill(frame: FrameType) -> None:
    raise Killed(f"{frame.f_code.co_filename}:{frame.f_lineno}")


def _is_ours(path: str) -> bool:
    if path not in _OURS:
        _OURS[path] = any(place in path for place in PLACES) and not any(part in path for part in ONLY_READ)
    return _OURS[path]
