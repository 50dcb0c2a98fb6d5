"""How our programs tell what they do: plain lines for people, or one JSON object a line for programs that collect logs.

What may go into a line beside its sentence stands in FIELDS. Secrets of the settings are taken out of every finished
line, tracebacks included; secrets of people are sealed in the database and are never given to a logger.
"""

import json
import logging
import re
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

FIELDS = ("kind", "key", "step", "phase", "seconds", "method", "route", "status")
"""Facts of their own in a line of JSON, given as `extra`."""
SHORTEST = 8
"""Characters; what is shorter is no secret that could be taken out without hurting other words."""
HIDDEN = "[hidden]"
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)\s+[a-z0-9._~+/=-]{8,}")
_IN_ADDRESS = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Which click this work comes from; empty = nobody's."""


class Hides:
    """Takes known secrets, and what looks like one, out of a text."""

    def __init__(self, secrets: Iterable[str] = (), shortest: int = SHORTEST) -> None:
        # The longest first: one may be the beginning of another.
        known = sorted({secret for secret in secrets if len(secret) >= shortest}, key=len, reverse=True)
        self.known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        text = self.known.sub(HIDDEN, text) if self.known else text
        return _IN_ADDRESS.sub(rf"\1:{HIDDEN}@", _BEARER.sub(rf"\1 {HIDDEN}", text))


class PlainLines(logging.Formatter):
    """For people: "2027-05-03 12:00:00 WARNING mail 3f… was not taken"."""

    def __init__(self, secrets: Iterable[str] = (), program: str = "") -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
        self.converter = time.gmtime
        self.hides = Hides(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback takes more."""
        return self.hides(super().format(record))


class JsonLines(logging.Formatter):
    """For programs: one JSON object a line, with the time in UTC."""

    def __init__(self, secrets: Iterable[str] = (), program: str = "") -> None:
        super().__init__()
        self.hides = Hides(secrets)
        self.program = program

    def format(self, record: logging.LogRecord) -> str:
        """What has no value is left out."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "program": self.program}
        told |= {"from": record.name, "message": self.hides(record.getMessage()), "request": request_id.get()}
        told |= {name: getattr(record, name, "") for name in FIELDS}
        if record.exc_info:
            told["traceback"] = self.hides(self.formatException(record.exc_info))
        return json.dumps({name: fact for name, fact in told.items() if fact not in ("", None)}, default=str)


def logging_of(shape: str, level: str, program: str, secrets: Iterable[str]) -> dict[str, Any]:
    """Django's LOGGING. `shape`: "json" or "plain". Raises ValueError for another."""
    shapes: Mapping[str, type[logging.Formatter]] = {"json": JsonLines, "plain": PlainLines}
    if shape not in shapes:
        raise ValueError(f"FAIRGROUND_LOG is '{shape}'; it must be 'json' or 'plain'")
    lines = {"()": shapes[shape], "secrets": list(secrets), "program": program}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": lines},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["out"], "level": "WARNING"},
        "loggers": {
            **{ours: {"level": level} for ours in ("portal", "provisioning", "catalog")},
            # Django's own handlers write plain lines and mails to nobody; ours do.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            # A page that is not there is nobody's mistake of ours, and its path may hold a code.
            **{noisy: {"level": "ERROR"} for noisy in ("django.request", "django.security.csrf")},
        },
    }


def passwords_in(*addresses: str) -> list[str]:
    """The passwords that these addresses of servers hold, as they are written and as they are meant."""
    found = [word for word in (_password(address) for address in addresses) if word]
    return [*found, *(unquote(word) for word in found)]


def _password(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[0].partition(":")[2]
