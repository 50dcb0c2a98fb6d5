"""A fabric in memory: a full driver, slow, broken and forgetful on purpose. It carries the tests and the simulations."""

from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.fabrics.memory.driver import MemoryDriver
from provisioning.fabrics.memory.place import Place, place

__all__ = ["MemoryDriver", "Place", "open_driver", "place", "problems"]


def open_driver(options: Mapping[str, Any], owner: str) -> MemoryDriver:
    """A driver for the place named in the options ("default" if none is)."""
    return MemoryDriver(place(str(options.get("place", "default"))), owner)


def problems(options: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG001 - a fabric exports it
    """Any options will do."""
    return []
