"""How tests wait: for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import Any


def until(told: str, condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for a true answer and return it; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {told}")
        time.sleep(0.02)
    return answer
