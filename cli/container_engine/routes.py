"""What this host has a way to."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("/proc/net/route")
WIDE = 16
"""Bits. A wider network leads away from here, for example to a school; one in the midst of it is no harm."""


@dataclass(frozen=True)
class Way:
    """One line of the kernel's table."""

    interface: str
    network: ipaddress.IPv4Network


def routed(table: Path = TABLE) -> Iterator[Way]:
    """Networks that this host has a way to, the default route left out."""
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    for interface, target, _, _, _, _, _, mask, *_ in (line.split() for line in lines):
        start, bits = (int.from_bytes(bytes.fromhex(word), "little") for word in (target, mask))
        if bits:
            yield Way(interface, ipaddress.IPv4Network((start, bits.bit_count())))


def is_taken(subnet: str, table: Path = TABLE) -> bool:
    """Whether somebody here has this network, or a part of it, or a narrow one around it. An engine knows its own only."""
    wanted = ipaddress.IPv4Network(subnet)
    return any(way.network.prefixlen > WIDE and way.network.overlaps(wanted) for way in routed(table))
