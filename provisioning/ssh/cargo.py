"""Our on-board code as one piece: always the same bytes for the same files, and named by their hash."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ONBOARD = Path(__file__).resolve().parents[2] / "machine" / "onboard"
INSIDE = "machine/onboard"
LOADER = 'python3 -ISBc "import sys; exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))"'
"""Runs the program that comes first on standard input; the program reads on behind itself. No value in it."""


@dataclass(frozen=True)
class Cargo:
    """What is shipped to a machine."""

    folder: str  # its name under /opt/fairground
    digest: str  # sha256 of `content`
    content: bytes  # tar
    lander: bytes  # the program that unpacks it there

    def shipment(self, under: str) -> bytes:
        """All that the loader reads: the size of the lander, the lander, one JSON line, the tar. `under`: a name in /opt."""
        told = {"digest": self.digest, "size": len(self.content), "folder": self.folder, "under": under}
        return b"%d\n%b%b\n%b" % (len(self.lander), self.lander, json.dumps(told).encode(), self.content)


@cache
def cargo() -> Cargo:
    """Pack the folder. Read once: this program and what it ships belong together."""
    content = pack()
    digest = hashlib.sha256(content).hexdigest()
    return Cargo(digest[:16], digest, content, (ONBOARD / "land.py").read_bytes())


def pack() -> bytes:
    """A tar without times, owners and order of chance."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for entry, content in entries():
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def entries() -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """The files that run there, and the door as a link at the top."""
    door = tarfile.TarInfo("onboard")
    door.type, door.linkname = tarfile.SYMTYPE, f"{INSIDE}/onboard"
    yield door, b""
    for path in sorted(ONBOARD.iterdir()):
        if path.suffix == ".py" or path.name == "onboard":
            entry = tarfile.TarInfo(f"{INSIDE}/{path.name}")
            entry.mode = 0o755 if path.name == "onboard" else 0o644
            entry.size = path.stat().st_size
            yield entry, path.read_bytes()
