"""Machines as hosts that somebody has anyway, reached by SSH: one host, one machine, wiped after it."""

from collections.abc import Mapping
from typing import Any

from provisioning.fabrics.pool.check import host_keys
from provisioning.fabrics.pool.driver import PoolDriver
from provisioning.fabrics.pool.options import ABOUT, OPTIONS, read
from provisioning.fabrics.pool.wrong import problems

__all__ = ["ABOUT", "OPTIONS", "PoolDriver", "host_keys", "open_driver", "problems"]


def open_driver(options: Mapping[str, Any], owner: str) -> PoolDriver:
    """Build a driver. Opens no connection; raises ValueError naming a wrong option."""
    return PoolDriver(read(options), owner)
