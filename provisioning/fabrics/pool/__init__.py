"""Machines as hosts that somebody has anyway, reached by SSH: one host, one machine, wiped after it."""

from collections.abc import Mapping
from typing import Any

from provisioning.fabrics.pool.driver import PoolDriver
from provisioning.fabrics.pool.options import problems, read

__all__ = ["PoolDriver", "open_driver", "problems"]


def open_driver(options: Mapping[str, Any], owner: str) -> PoolDriver:
    """Build a driver. Opens no connection; raises ValueError naming a wrong option."""
    return PoolDriver(read(options), owner)
