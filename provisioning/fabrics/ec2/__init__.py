"""Machines as instances of a cloud: AWS, and whatever speaks the same API. Each has a security group and a key pair."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from provisioning.driver import Size
from provisioning.fabrics.ec2.driver import Ec2Driver
from provisioning.fabrics.ec2.options import ABOUT, OPTIONS, candidates, problems, read
from provisioning.fabrics.ec2.own import OWN_OPTIONS, OWN_WORD, SHARED_OPTIONS, own_problems
from provisioning.fabrics.ec2.policy import least_policy

__all__ = [
    "ABOUT",
    "OPTIONS",
    "OWN_OPTIONS",
    "OWN_WORD",
    "SHARED_OPTIONS",
    "Ec2Driver",
    "least_policy",
    "open_driver",
    "own_problems",
    "prices_per_hour",
    "problems",
]


def open_driver(options: Mapping[str, Any], owner: str) -> Ec2Driver:
    """Build a driver. Opens no connection; raises ValueError naming a wrong option."""
    return Ec2Driver(read(options), owner)


def prices_per_hour(options: Mapping[str, Any], size: Size) -> Sequence[Decimal]:
    """What a machine of this size costs, by the admin's table, turn by turn; a type without a price costs nothing."""
    offered = () if problems(options) else candidates(read(options), size)
    return [kind.price_per_hour or Decimal(0) for kind, _zone in offered]
