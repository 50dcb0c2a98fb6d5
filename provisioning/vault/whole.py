"""Is a copy what it should be? Read once, as a stream, a block at a time.

Whoever is root on a machine writes the copy and what is told of it. So nothing that it says of itself decides how much is
done for it: what is read of it is counted in bytes that came, of which gzip makes 1,032 of one at most.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable
from typing import IO, Any, Protocol

BLOCK = 1 << 20
LARGEST_HEADER = 1 << 20
"""Bytes that a member may take to tell its name and times. A path has 4,096 bytes at most (Linux, PATH_MAX)."""
MOST_MEMBERS = 50_000_000
"""More than that many files cannot be packed in the hour that it may take: one takes 0.1 ms."""
WITH_CONTENT = (tarfile.REGTYPE, tarfile.AREGTYPE)
WITHOUT = (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)
AHEAD = (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
"""Headers that tell something of the next. Those of all members, and of sparse ones, are none that our archiver writes."""
UNREADABLE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    RecursionError,
)


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
    unreadable = _unreadable(copy, alive)
    while copy.read(BLOCK):
        pass
    if (digest := hashed.hash.hexdigest()) != sha256:
        return [f"its digest is {digest[:12]}, not {sha256[:12]}"]
    return unreadable


def _unreadable(stream: IO[bytes], alive: Callable[[], None]) -> list[str]:
    try:
        with gzip.GzipFile(fileobj=stream) as plain:
            _Members(plain, alive).read()
            while plain.read(BLOCK):
                alive()  # to the end, where its own checksum stands
    except UNREADABLE as error:
        return [f"it cannot be unpacked: {error}"]
    return []


class _Members:
    """What is packed, one member after the other. None is kept, and none is believed about what it would become."""

    def __init__(self, plain: Stream, alive: Callable[[], None]) -> None:
        self.plain = plain
        self.alive = alive

    def read(self) -> None:
        """Go through all of them. Raises what UNREADABLE names."""
        size_told = None
        for _ in range(MOST_MEMBERS):
            self.alive()
            block = self._exactly(tarfile.BLOCKSIZE)
            if not any(block):
                return
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            if member.type in AHEAD:
                told = self._header(member)
                size_told = told if member.type == tarfile.XHDTYPE else size_told
                continue
            if member.type in WITH_CONTENT:
                self._pass_over(member.size if size_told is None else size_told)
            elif member.type not in WITHOUT:
                raise tarfile.ReadError(f"a member is of a kind that we never write: {member.type!r}")
            size_told = None
        raise tarfile.ReadError("it has too many members")

    def _header(self, member: tarfile.TarInfo) -> int | None:
        """What it tells of the next member's size, if it does."""
        if not 0 <= member.size <= LARGEST_HEADER:
            raise tarfile.ReadError(f"a header is of {member.size} bytes")
        raw = self._exactly(_padded(member.size))[: member.size]
        return _size_in(raw) if member.type == tarfile.XHDTYPE else None

    def _pass_over(self, size: int) -> None:
        """Read the content of a member."""
        if size < 0:
            raise tarfile.ReadError("a member has less than nothing in it")
        left = _padded(size)
        while left:
            left -= len(self._exactly(min(left, BLOCK)))
            self.alive()

    def _exactly(self, size: int) -> bytes:
        block = self.plain.read(size)
        if len(block) < size:
            raise EOFError("it ends in the middle")
        return block


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _size_in(records: bytes) -> int | None:
    """The size among the records of a header, each "length keyword=value" and a line's end; None if it is not there."""
    size, at = None, 0
    while at < len(records):
        length = records[at : at + 20].partition(b" ")[0]
        record = records[at : at + int(length)]
        keyword, equals, value = record[len(length) + 1 : -1].partition(b"=")
        if len(record) != int(length) or not equals or not record.endswith(b"\n"):
            raise tarfile.ReadError("a header makes no sense")
        if keyword.startswith(b"GNU.sparse."):
            raise tarfile.ReadError("a member has holes, which we never write")
        if keyword == b"size":
            size = int(value)
        at += len(record)
    return size
