"""The output of a job: its first 256 KiB and its last 768 KiB, and how much there was in all.

`log.head` holds the beginning, `log.tail` is a ring for the rest, `log.count` two numbers: how many bytes there will be
when the writing of this moment is done, and how many there are. A reader looks at the first number afterwards, so it
knows which bytes were overwritten meanwhile. Offsets are those of the whole output.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

HEAD = 256 * 1024
TAIL = 768 * 1024
COUNT = struct.Struct("<QQ")


class LogWriter:
    """Takes everything, keeps the two ends. A full disk loses output, never the job."""

    def __init__(self, folder: Path) -> None:
        self.head, self.tail, self.count = (open_log(folder / f"log.{part}") for part in ("head", "tail", "count"))
        self.written = counted(folder)[1]

    def add(self, chunk: bytes) -> None:
        """Append at most TAIL bytes."""
        self.note(self.written + len(chunk), self.written)
        room = max(0, HEAD - self.written)
        if chunk[:room]:
            keep(self.head, chunk[:room], self.written)
        rest = chunk[room:]
        if rest:
            self.ring(rest, self.written + len(chunk[:room]) - HEAD)
        self.written += len(chunk)
        self.note(self.written, self.written)

    def ring(self, chunk: bytes, begin: int) -> None:
        """Lay the bytes round the ring."""
        place = begin % TAIL
        keep(self.tail, chunk[: TAIL - place], place)
        if chunk[TAIL - place :]:
            keep(self.tail, chunk[TAIL - place :], 0)

    def note(self, reserved: int, written: int) -> None:
        """Say how far the writing is."""
        keep(self.count, COUNT.pack(reserved, written), 0)


def open_log(path: Path) -> int:
    """Open for writing without emptying: a job that is run again goes on behind its old output."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)


def keep(descriptor: int, content: bytes, place: int) -> None:
    """Write what fits."""
    with suppress(OSError):  # the disk is full: the job goes on, its output is only counted
        os.pwrite(descriptor, content, place)


def counted(folder: Path) -> tuple[int, int]:
    """How many bytes are reserved, and written, in all."""
    try:
        reserved, written = COUNT.unpack((folder / "log.count").read_bytes())
    except (FileNotFoundError, struct.error):
        return 0, 0
    return reserved, written


def read_log(folder: Path, offset: int, limit: int) -> tuple[int, bytes, int]:
    """At most `limit` bytes from `offset`, or from the first kept byte behind it: (offset, bytes, all written)."""
    written = counted(folder)[1]
    if offset < HEAD:
        chunk = read_at(folder / "log.head", offset, min(limit, HEAD - offset, max(0, written - offset)))
        if chunk or written <= HEAD:
            return min(offset, written), chunk, written
    begin = min(max(offset, HEAD, written - TAIL), written)
    chunk = read_ring(folder, begin, min(limit, written - begin))
    kept = counted(folder)[0] - TAIL
    lost = min(max(0, kept - begin), len(chunk))
    return begin + lost, chunk[lost:], written


def read_ring(folder: Path, begin: int, size: int) -> bytes:
    """Bytes of the ring, by their offset in the whole output."""
    place = (begin - HEAD) % TAIL
    first = read_at(folder / "log.tail", place, min(size, TAIL - place))
    return first + read_at(folder / "log.tail", 0, size - (TAIL - place)) if size > TAIL - place else first


def read_at(path: Path, place: int, size: int) -> bytes:
    """A slice of a file; empty if there is none."""
    if size <= 0 or not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(place)
        return file.read(size)


def last_words(folder: Path, size: int = 4096) -> bytes:
    """The end of the output."""
    written = counted(folder)[1]
    offset, chunk, _ = read_log(folder, max(0, written - size), size)
    if 0 < offset + len(chunk) < written:
        chunk += read_log(folder, offset + len(chunk), size)[1]
    return chunk[-size:]
