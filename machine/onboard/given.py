"""What a program of ours is given: a JSON file, 0600, read once and checked before anything is done."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any

from machine.onboard.failure import Failed, Why
from machine.onboard.program import private_bytes
from machine.onboard.wire import Refused

URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%+@,=-]+)+/?")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
BEARER = re.compile(r"[A-Za-z0-9._~+/=-]{1,1000}")


class Parameters:
    """Typed looks into the JSON object; null is as good as absent. What is wrong is told by name, never by value."""

    def __init__(self, path: str) -> None:
        try:
            values = json.loads(private_bytes(path))
        except (Refused, ValueError) as error:
            raise Failed(Why.BAD_PARAMETERS, str(error))
        if not isinstance(values, dict):
            raise Failed(Why.BAD_PARAMETERS, f"{path}: expected an object")
        self.values: dict[str, Any] = {name: value for name, value in values.items() if value is not None}

    def text(self, name: str, default: str | None = None, shape: re.Pattern[str] | None = None) -> str:
        """A text; of this shape unless it is the default."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or "\0" in value:
            raise Failed(Why.BAD_PARAMETERS, f"{name}: expected text")
        if shape and value != default and not shape.fullmatch(value):
            raise Failed(Why.BAD_PARAMETERS, f"{name}: has not the shape it must have")
        return value

    def number(self, name: str, default: int) -> int:
        """A positive whole number."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 2**53:
            raise Failed(Why.BAD_PARAMETERS, f"{name}: expected a positive number")
        return int(value)

    def flag(self, name: str) -> bool:
        """True or false; false if it is not given."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise Failed(Why.BAD_PARAMETERS, f"{name}: expected true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty if it is not given."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or any(not isinstance(one, str) or "\0" in one for one in value):
            raise Failed(Why.BAD_PARAMETERS, f"{name}: expected a list of texts")
        return list(value)

    def inner_path(self, name: str) -> str:
        """A path beneath something; "" for none."""
        value = self.text(name, "")
        parts = PurePosixPath(value).parts
        if value.startswith(("/", "-")) or ".." in parts or ".git" in parts:
            raise Failed(Why.BAD_PARAMETERS, f"{name}: expected a path inside the repository")
        return str(PurePosixPath(value)) if value else ""

    def full_path(self, name: str) -> str:
        """A path from the root, beneath something of it."""
        value = self.text(name)
        parts = PurePosixPath(value).parts
        if not value.startswith("/") or ".." in parts or len(parts) < 2:
            raise Failed(Why.BAD_PARAMETERS, f"{name}: expected a full path")
        return str(PurePosixPath(value))
