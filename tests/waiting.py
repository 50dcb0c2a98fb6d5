"""How tests wait: for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import Any

SLOWEST = 5
"""Times slower a busy machine may be than the one on which the seconds of a wait were thought of. Only a test that fails
waits for so long."""


def until(told: str, condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for a true answer and return it; fail with what was waited for."""
    began = time.monotonic()
    while not (answer := condition()):
        if (waited := time.monotonic() - began) > seconds * SLOWEST:
            raise AssertionError(f"waited {waited:.0f} s in vain: {told}")
        time.sleep(max(0.02, waited * 0.02))  # late by a fiftieth at most: others need the processor
    return answer
