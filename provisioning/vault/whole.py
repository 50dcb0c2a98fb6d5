"""Is a copy what it should be? Read once, as a stream, a block at a time."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable
from typing import IO, Any, Protocol

BLOCK = 1 << 20


class Stream(Protocol):
    """Bytes, from the first to the last."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""


class Hashed(io.RawIOBase):
    """A stream that is hashed while it is read; `alive` is called at every block."""

    def __init__(self, stream: Stream, alive: Callable[[], None]) -> None:
        self.stream = stream
        self.alive = alive
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes."""
        block = self.stream.read(len(buffer))
        buffer[: len(block)] = block
        self.hash.update(block)
        self.alive()
        return len(block)


def problems(stream: Stream, sha256: str, alive: Callable[[], None]) -> list[str]:
    """What is wrong with a copy: its digest, or that a member cannot be unpacked. Empty = as good as the original."""
    hashed = Hashed(stream, alive)
    copy: IO[bytes] = io.BufferedReader(hashed, BLOCK)
    unreadable = _unreadable(copy)
    while copy.read(BLOCK):
        pass
    if (digest := hashed.hash.hexdigest()) != sha256:
        return [f"its digest is {digest[:12]}, not {sha256[:12]}"]
    return unreadable


def _unreadable(stream: IO[bytes]) -> list[str]:
    try:
        with gzip.GzipFile(fileobj=stream) as plain, tarfile.open(fileobj=plain, mode="r|") as copy:
            for member in copy:
                content = copy.extractfile(member) if member.isfile() else None
                while content is not None and content.read(BLOCK):
                    pass
                vars(copy)["members"] = []  # else it remembers them all
            while plain.read(BLOCK):
                pass  # to the end, where its own checksum stands
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        return [f"it cannot be unpacked: {error}"]
    return []
