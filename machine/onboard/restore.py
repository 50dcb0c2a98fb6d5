"""`restore FILE`: what a copy holds is put back where it came from, and nothing else is left there; or a reason.

The copy arrives in parts, each named by where it begins, so that a broken transfer goes on where it stopped. Not a byte
is unpacked before all of them together have the digest that was told. The parts stay until the app's own `restore` has run.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import Any, BinaryIO, Collection, Iterator, Mapping

from machine.onboard.archive import found, hook
from machine.onboard.failure import Failed, Why, reported
from machine.onboard.given import Parameters
from machine.onboard.wire import Given, Refused, text

CHUNK = 1 << 18


def brought(given: Given) -> dict[str, Any]:
    """How many bytes of a copy are there without a gap: {folder}."""
    folder = Path(text(given, "folder"))
    if not folder.is_absolute():
        raise Refused("bad-input", "folder: expected an absolute path")
    return {"size": sum(part.stat().st_size for part in parts(folder))}


def restore(file: str) -> int:
    """Put the copy back. May be begun again wherever it stopped."""

    def work() -> None:
        given = Parameters(file)
        folder = Path(given.full_path("folder"))
        check(folder, given.text("sha256"))
        kept = unpacked(folder)
        clear([Path(path) for path in given.texts("paths")], given.texts("exclude"), kept)
        set_times(kept)
        hook(given, "restore")
        shutil.rmtree(folder)
        print(f"{len(kept)} files and folders were put back", flush=True)

    return reported(work)


def parts(folder: Path) -> Iterator[Path]:
    """The parts that lie there, as far as each begins where the one before ends."""
    offset = 0
    while (part := folder / f"{offset:016d}").is_file() and part.stat().st_size:
        yield part
        offset += part.stat().st_size


def check(folder: Path, sha256: str) -> None:
    """Read the whole copy. One that is not what was sent is thrown away, so that it is sent anew."""
    digest = hashlib.sha256()
    with io.BufferedReader(Joined(folder), CHUNK) as copy:
        while chunk := copy.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != sha256:
        shutil.rmtree(folder, ignore_errors=True)
        raise Failed(Why.BAD_CONTENT, "the copy that arrived is not the one that was sent")


def unpacked(folder: Path) -> dict[str, float]:
    """Put every entry where it came from, with owner and rights. Return the full paths of all, and their times."""
    kept: dict[str, float] = {}
    try:
        with tarfile.open(fileobj=io.BufferedReader(Joined(folder), CHUNK), mode="r|gz") as tar:
            # The machine is the app's own: rights and owners are to be as they were. Older Pythons know no filters.
            vars(tar)["extraction_filter"] = lambda member, _path: member
            for member in tar:
                kept[put_back(tar, member)] = member.mtime
                vars(tar)["members"] = []  # else it remembers them all
    except tarfile.TarError as error:
        raise Failed(Why.BAD_CONTENT, str(error))
    return kept


def put_back(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """One entry; what lies in its place and is no folder makes way, so that nothing is written through a link."""
    path = Path("/") / member.name
    if ".." in path.parts:
        raise Failed(Why.BAD_CONTENT, "a name in the copy leads out of its folder")
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
        path.unlink()
    tar.extract(member, "/")
    return str(path)


def clear(paths: list[Path], exclude: list[str], kept: Collection[str]) -> None:
    """Take away what a copy would hold and this one does not: the installer put it there, and people took it away."""
    for path in reversed(list(found(paths, exclude))):
        if str(path) in kept:
            continue
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif path not in paths and not any(path.iterdir()):
            path.rmdir()


def set_times(kept: Mapping[str, float]) -> None:
    """Give folders and links their times back: whatever is put into a folder changes its own, and tar leaves links out."""
    for name, time in kept.items():
        path = Path(name)
        if path.is_symlink() or path.is_dir():
            os.utime(path, (time, time), follow_symlinks=False)


class Joined(io.RawIOBase):
    """All parts as one file."""

    def __init__(self, folder: Path) -> None:
        self.ahead = parts(folder)
        self.file: BinaryIO | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes; none at the end of the last part."""
        while True:
            if self.file is None:
                part = next(self.ahead, None)
                if part is None:
                    return 0
                self.file = part.open("rb")
            chunk = self.file.read(len(buffer))
            if chunk:
                buffer[: len(chunk)] = chunk
                return len(chunk)
            self.file.close()
            self.file = None
