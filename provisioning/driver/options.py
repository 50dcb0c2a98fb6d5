"""What an admin says about a place, what a check of it finds, and which machines of its own it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PORTALS = ("subnets", "first_port", "slots", "price_per_day")
"""Options of any place, which the portal reads itself; a kind lets them pass."""


def marked(sentence: str) -> str:
    """Mark a sentence of a kind's own, imported as `_`: it is translated where it is shown."""
    return sentence


class Form(StrEnum):
    """How an option is filled in, and what it is then."""

    TEXT = "text"
    NUMBER = "number"  # a whole one
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105 - text that is never shown again; kept apart, encrypted
    LINES = "lines"  # a list of texts
    TABLE = "table"  # a list of mappings, by the columns' names


@dataclass(frozen=True)
class Option:
    """One thing that an admin says about a place of this kind. Label and help are marked for translation."""

    name: str
    label: str
    form: str = Form.TEXT
    default: str = ""  # what an empty field means, and a new place begins with
    help: str = ""
    choices: Sequence[tuple[str, str]] = ()  # value and label
    columns: tuple["Option", ...] = ()  # of a table; no table within
    needed: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check found about one thing."""

    about: str  # which host, key, subnet …
    fine: bool
    told: str  # a marked sentence: what is so; where it is wrong, what to do
    params: Mapping[str, Any] = field(default_factory=dict)  # what goes into it, as %(name)s


class HostState(StrEnum):
    """What one's own machine is doing."""

    FREE = "free"
    RESERVED = "reserved"
    IN_USE = "in use"
    WIPING = "wiping"
    QUARANTINE = "quarantine"  # what was on it could not be proven gone; given to nobody
    DOWN = "down"  # it does not answer; a reservation stays
    PROTECTED = "protected"  # never touched


@dataclass(frozen=True)
class Host:
    """One of a place's own machines, as it is now."""

    name: str
    state: str
    group: str = ""
    key: str = ""  # of the machine on it
    portal: str = ""  # whose that is
    since: str = ""  # ISO 8601; "" = nobody wrote it down
    told: str = ""  # a marked sentence: why it is in quarantine or down
    params: Mapping[str, Any] = field(default_factory=dict)
