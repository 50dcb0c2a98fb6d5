"""One at a time."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import Iterator

from machine.onboard.failure import Failed, Why
from machine.onboard.places import state


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Only one at work under this name; the next waits for its turn within its own time. The turn ends with who has it."""
    with (state() / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except Failed as failed:
            raise Failed(Why.OVERLAP if failed.why == Why.OUT_OF_TIME else failed.why)
        yield
