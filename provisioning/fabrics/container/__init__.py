"""Machines as containers of Docker or Podman: a network of its own for each, ports on loopback, no privileges."""

from collections.abc import Mapping
from typing import Any

from provisioning.fabrics.container.driver import ContainerDriver
from provisioning.fabrics.container.options import ABOUT, OPTIONS, problems, read

__all__ = ["ABOUT", "OPTIONS", "ContainerDriver", "open_driver", "problems"]


def open_driver(options: Mapping[str, Any], owner: str) -> ContainerDriver:
    """Build a driver. Opens no connection; raises ValueError naming a wrong option."""
    return ContainerDriver(read(options), owner)
