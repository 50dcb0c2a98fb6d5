"""What this host has a way to."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Way:
    """One line of the kernel's table."""

    interface: str
    network: ipaddress.IPv4Network


def routed(table: Path = Path("/proc/net/route")) -> Iterator[Way]:
    """Networks that this host has a way to, the default route left out."""
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    for interface, target, _, _, _, _, _, mask, *_ in (line.split() for line in lines):
        start, bits = (int.from_bytes(bytes.fromhex(word), "little") for word in (target, mask))
        if bits:
            yield Way(interface, ipaddress.IPv4Network((start, bits.bit_count())))
