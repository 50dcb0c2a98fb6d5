"""What is mounted, as the kernel tells it."""

import re
from pathlib import Path


def mounted() -> list[str]:
    """Every place on which something is mounted, in the order in which that came."""
    return places(Path("/proc/mounts").read_text(errors="surrogateescape"))


def places(told: str) -> list[str]:
    """The places in the kernel's list, where a space in a name is written \\040."""
    names = [line.split(" ")[1] for line in told.splitlines()]
    return [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), name) for name in names]
