"""What this computer has a way to already. An engine knows its own networks only: not those of others, nor the house's."""

import ipaddress
from pathlib import Path

WIDE = 16
"""Bits. A wider network leads away from here, for example to a school; one in the midst of it is no harm."""


def is_taken(subnet: str, table: Path = Path("/proc/net/route")) -> bool:
    """Whether somebody here has this network, or a part of it, or a narrow one around it."""
    wanted = ipaddress.IPv4Network(subnet)
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    return any(_network(line).prefixlen > WIDE and _network(line).overlaps(wanted) for line in lines)


def _network(line: str) -> ipaddress.IPv4Network:
    """Of one line of the kernel's table, where numbers are in the order of this computer."""
    words = line.split()
    start, bits = (int.from_bytes(bytes.fromhex(words[column]), "little") for column in (1, 7))
    return ipaddress.IPv4Network((start, bits.bit_count()))
