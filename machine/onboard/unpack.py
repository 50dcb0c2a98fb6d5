"""Unpacking an archive that came from outside: plain files and folders beneath one place, within bounds, as nobody.

A child process does it, without rights and with little memory, so that neither a bomb nor a flaw in a decompressor
reaches further than the folder it writes to. We own that folder again afterwards.
"""

from __future__ import annotations

import bz2  # noqa: F401 - these three are loaded while we may still read files
import gzip  # noqa: F401
import lzma  # noqa: F401
import os
import resource
import shutil
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Iterator

from machine.onboard.failure import Failed, Why
from machine.onboard.git import NOBODY

MOST_MEMBERS = 100_000
RATIO = 200
"""How much larger than the archive its content may be, once it is larger than FREE."""
FREE = 10 << 20
MEMORY = 512 << 20
DEEP = 40
CHUNK = 1 << 16


def unpack(archive: Path, place: Path, most: int) -> None:
    """Unpack into a new folder. Raises Failed: too big, or not an archive that we would open."""
    place.mkdir(mode=0o755)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os._exit(in_child(archive, place, most, writer))
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as said:
            told = said.read(2000).decode(errors="replace")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except BaseException:
        os.kill(child, 9)
        os.waitpid(child, 0)
        raise
    if code:
        raise Failed(Why(code) if code in list(Why) else Why.BAD_CONTENT, told or "the archive could not be unpacked")


def in_child(archive: Path, place: Path, most: int, writer: int) -> int:
    """Give the rights away, then unpack. Returns the exit code."""
    try:
        with archive.open("rb") as file:
            step_down(place)
            allowed = min(most, max(FREE, os.fstat(file.fileno()).st_size * RATIO))
            inspect(file, allowed)
            extract(file, place)
    except Failed as failed:
        os.write(writer, failed.detail.encode(errors="backslashreplace")[:1900])
        return failed.why
    except MemoryError:
        return Why.TOO_BIG
    except (tarfile.TarError, OSError, EOFError, ValueError, ArithmeticError) as error:
        os.write(writer, f"{error.__class__.__name__}: {error}".encode(errors="backslashreplace")[:1900])
        return Why.DISK_FULL if isinstance(error, OSError) and error.errno == 28 else Why.BAD_CONTENT
    return 0


def step_down(place: Path) -> None:
    """Become nobody, and poor."""
    os.umask(0o022)
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def members(file: BinaryIO) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """One member after the other, without keeping them."""
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:*") as tar:
        while member := tar.next():
            yield tar, member
            vars(tar)["members"] = []


def inspect(file: BinaryIO, most: int) -> None:
    """Go through the whole archive and refuse it before anything is written."""
    count = size = 0
    for count, (_, member) in enumerate(members(file), 1):
        size += max(0, member.size)
        if count > MOST_MEMBERS or size > most:
            raise Failed(Why.TOO_BIG, f"more than {MOST_MEMBERS} members or {most >> 20} MiB when unpacked")
        safe_parts(member.name)
        if not (member.isdir() or member.isreg()) or member.issparse():
            raise Failed(Why.BAD_CONTENT, f"{member.name[:200]!r} is neither a plain file nor a folder")
    if not count:
        raise Failed(Why.NOTHING_THERE, "the archive is empty")


def extract(file: BinaryIO, place: Path) -> None:
    """Write everything. What was inspected is the same file: it is ours, and open."""
    for tar, member in members(file):
        target = place.joinpath(*safe_parts(member.name))
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            write_file(tar, member, target)


def write_file(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write a plain file where there is none yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
        assert source is not None
        shutil.copyfileobj(source, file, CHUNK)


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a member's name, if it stays where it belongs."""
    parts = PurePosixPath(name).parts
    if not name or name.startswith("/") or ".." in parts or "\0" in name or len(parts) > DEEP:
        raise Failed(Why.BAD_CONTENT, f"{name[:200]!r} leads outside")
    return parts
