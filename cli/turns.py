"""Starts of several checkouts on one computer take turns where they look what is free, and take it."""

import fcntl
import os
import tempfile
import time
from pathlib import Path

PATIENCE = 60.0
"""Seconds. Then somebody holds it who should not, and we go on: what was taken meanwhile is told as an error."""
_held: list[int] = []


def take() -> None:
    """Wait for our turn; it ends with `give_back`, or with this program."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return try_to_take()
        except BlockingIOError:
            time.sleep(0.05)
    return None


def try_to_take() -> None:
    """Take it if it is free. Raises BlockingIOError."""
    place = _open(Path(tempfile.gettempdir()) / "fairground.lock")
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(place)
        raise
    _held.append(place)


def give_back() -> None:
    """Let the next one start; silent if it was not our turn. A copy of this program that goes on gives it back, too."""
    while _held:
        place = _held.pop()
        fcntl.flock(place, fcntl.LOCK_UN)
        os.close(place)


def _open(place: Path) -> int:
    """Whoever came first owns the file; to read it is enough, and all that some kernels let others do."""
    try:
        return os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CREAT, 0o644)
