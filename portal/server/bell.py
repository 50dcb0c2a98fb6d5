"""Bells: whoever has put something into a folder wakes who waits for it. A bell is a FIFO in that folder, one for each name."""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def ring(folder: Path, name: str) -> None:
    """Wake whoever listens. Where nobody does there is no bell, and one that has rung a thousand times is heard anyway."""
    with suppress(OSError):
        wire = os.open(_at(folder, name), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(wire, b".")
        finally:
            os.close(wire)


class Bells:
    """Those of one folder, as one listener hears them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, int] = {}

    def listen(self, names: Iterable[str], seconds: float) -> bool:
        """Sleep until one of them rings, or has rung since, and no longer than this. Return whether one did."""
        try:
            rung = select.select([self._hung(name) for name in names], [], [], seconds)[0]
        except FileNotFoundError:  # somebody takes the folder away at this moment
            return False
        for bell in rung:
            os.read(bell, 65536)
        return bool(rung)

    def close(self) -> None:
        """Hear nothing any more."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _hung(self, name: str) -> int:
        """Opened for both ways, so that it never tells of an end; hung up anew where somebody has emptied the folder."""
        bell = _at(self.folder, name)
        if (known := self._open.get(name)) is not None:
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(known), bell.stat()):
                    return known
            os.close(self._open.pop(name))
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            os.mkfifo(bell, 0o600)
        self._open[name] = os.open(bell, os.O_RDWR | os.O_NONBLOCK)
        return self._open[name]


def _at(folder: Path, name: str) -> Path:
    return folder / f"{name}.bell"
