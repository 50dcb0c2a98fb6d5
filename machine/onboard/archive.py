"""`archive FILE`: a copy of what the manifest says is to be kept, whole and described, or a reason.

The app's `before` locks or dumps, `after` unlocks and runs whenever `before` was begun, `verify` looks at the copy.
One copy is made at a time, and only the last one lies on the machine.
It is written as a stream to a temporary name; only when it and its description are on the disk do they get their names.
`restore` puts it back.
"""

from __future__ import annotations

import fcntl
import fnmatch
import hashlib
import io
import os
import stat
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Iterator

from machine.onboard.failure import Failed, Why, reported
from machine.onboard.given import Parameters
from machine.onboard.hook import run_hook
from machine.onboard.places import flush_folder, write_json
from machine.onboard.wire import Given, Refused, text

CHUNK = 1 << 18


def archive(file: str) -> int:
    """Make the copy; one that is there already, whole, is not made again."""

    def work() -> None:
        given = Parameters(file)
        out = Path(given.full_path("out"))
        with alone(out.parent):
            if not described(out).exists():
                throw_away_others(out)
                copy(given, out)
        print(f"the copy is {packed(out)}", flush=True)

    return reported(work)


def copy_fetched(given: Given) -> dict[str, Any]:
    """The portal has this copy: {out}. It needs no room here any more."""
    out = Path(text(given, "out"))
    if not out.is_absolute() or ".." in out.parts:
        raise Refused("bad-input", "out: expected an absolute path")
    for path in (described(out), packed(out)):
        if path.exists():
            path.unlink()
    return {}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other copy is being made: the `after` of one must not unlock what the `before` of another has locked."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def throw_away_others(out: Path) -> None:
    """Copies that were made before, and halves that a death left behind."""
    for path in sorted(out.parent.iterdir()):
        if path.name.endswith((".tar.gz", ".json", ".part")):
            path.unlink()


def packed(out: Path) -> Path:
    """The copy."""
    return out.with_name(f"{out.name}.tar.gz")


def described(out: Path) -> Path:
    """What it is: sha256, size, members, missing, changed. There only once the copy is."""
    return out.with_name(f"{out.name}.json")


def copy(given: Parameters, out: Path) -> None:
    """Lock, write, unlock, look at it, give it its name."""
    paths = [Path(path) for path in given.texts("paths")]
    if not paths or any(not path.is_absolute() or ".." in path.parts for path in paths):
        raise Failed(Why.BAD_PARAMETERS, "paths: expected full paths")
    part = out.with_name(f".{out.name}.part")
    try:
        told = locked(given, paths, part)
        hook(given, "verify", FAIRGROUND_ARCHIVE=str(part))
        part.rename(packed(out))
        flush_folder(out.parent)
    finally:
        part.unlink(missing_ok=True)
    write_json(described(out), told)


def locked(given: Parameters, paths: list[Path], part: Path) -> dict[str, Any]:
    """Write the copy between `before` and `after`."""
    try:
        hook(given, "before")
        return write(paths, given.texts("exclude"), part)
    finally:
        hook(given, "after")


def hook(given: Parameters, name: str, **variables: str) -> None:
    """Run a hook if there is one."""
    path = given.inner_path(name)
    if path:
        run_hook(path, given.text("env_file", ""), given.number("hook_timeout", 900), **variables)


class Counted(io.RawIOBase):
    """A file that is hashed and counted while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, chunk: Any) -> int:
        """Write all of it."""
        self.file.write(chunk)
        self.hash.update(chunk)
        self.size += len(chunk)
        return len(chunk)


def write(paths: list[Path], exclude: list[str], part: Path) -> dict[str, Any]:
    """Write everything as one stream; flush it to the disk; tell what it is."""
    missing = [str(path) for path in paths if not os.path.lexists(path)]
    if len(missing) == len(paths):
        raise Failed(Why.NOTHING_THERE, f"none of {', '.join(missing)[:300]} is there")
    members = changed = 0
    with part.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        counted = Counted(file)
        with tarfile.open(fileobj=counted, mode="w|gz", format=tarfile.PAX_FORMAT) as tar:
            for path in found(paths, exclude):
                whole = add(tar, path)
                vars(tar)["members"] = []  # else it remembers them all
                members += whole is not None
                changed += whole is False
        file.flush()
        os.fsync(file.fileno())
    return {
        "sha256": counted.hash.hexdigest(),
        "size": counted.size,
        "members": members,
        "missing": missing,
        "changed": changed,
        "at": int(time.time()),
    }


def found(paths: list[Path], exclude: list[str]) -> Iterator[Path]:
    """The paths, what links among them lead to, and everything beneath, in order; without what is excluded."""
    ahead = [*reversed(paths)]
    ahead[:0] = [path.resolve() for path in reversed(paths) if path.is_symlink()]
    while ahead:
        path = ahead.pop()
        if not os.path.lexists(path) or left_out(path, exclude):
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            ahead += sorted(path.iterdir(), reverse=True)


def left_out(path: Path, exclude: list[str]) -> bool:
    """Does one of the patterns mean this: its name, or its full path?"""
    return any(fnmatch.fnmatchcase(str(path), one) or fnmatch.fnmatchcase(path.name, one) for one in exclude)


def add(tar: tarfile.TarFile, path: Path) -> bool | None:
    """Add one entry. True: as it was. False: it changed or went meanwhile. None: nothing to keep (a socket, a pipe)."""
    try:
        seen = path.lstat()
        if not (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode) or stat.S_ISLNK(seen.st_mode)):
            return None
        entry = tar.gettarinfo(str(path), arcname=str(path).lstrip("/"))
        if not entry.isreg():
            tar.addfile(entry)
            return True
        with path.open("rb") as file:
            steady = Steady(file, entry.size)
            tar.addfile(entry, steady)
    except FileNotFoundError:
        return False
    return steady.whole


class Steady(io.RawIOBase):
    """A file as large as it was when it was looked at; what went missing since reads as zeros."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.left = size
        self.whole = True

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Exactly as many bytes as are asked for, up to the size."""
        size = min(size, self.left) if size >= 0 else self.left
        chunk = self.file.read(size)
        self.whole = self.whole and len(chunk) == size
        self.left -= size
        return chunk.ljust(size, b"\0")
