"""A fabric in memory: a full driver, slow, broken and forgetful on purpose. It carries the tests and the simulations."""

from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.driver import Option
from provisioning.driver import marked as _
from provisioning.fabrics.memory.driver import MemoryDriver
from provisioning.fabrics.memory.place import Place, place

__all__ = ["ABOUT", "OPTIONS", "MemoryDriver", "Place", "open_driver", "place", "problems"]

ABOUT = ""
OPTIONS = (Option("place", _("Name of the place in memory"), default="default"),)


def open_driver(options: Mapping[str, Any], owner: str) -> MemoryDriver:
    """A driver for the place named in the options ("default" if none is)."""
    return MemoryDriver(place(str(options.get("place", "default"))), owner)


def problems(options: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG001 - a fabric exports it
    """Any options will do."""
    return []
