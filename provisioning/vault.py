"""Where copies are kept: a folder. Written in resumable slices, read back before anybody relies on it."""

import hashlib
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

BLOCK = 1 << 20


class FolderVault:
    """Copies as files in one folder, readable by the portal alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of a copy. Names are ours (hex and dashes), never a person's."""
        if "/" in name or name.startswith("."):
            raise ValueError(f"{name!r} is not a copy's name")
        return self.folder / name

    def size(self, name: str) -> int:
        """Bytes kept so far."""
        path = self.path(name)
        return path.stat().st_size if path.exists() else 0

    def append(self, name: str, offset: int, slice_: bytes) -> None:
        """Write a slice at its offset and put it on the disk before returning."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.seek(offset)
            file.write(slice_)
            file.flush()
            os.fsync(file.fileno())

    def read(self, name: str, offset: int, limit: int) -> bytes:
        """A slice of a copy; nothing beyond its end, or where it is not."""
        try:
            with self.path(name).open("rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return b""

    def verify(self, name: str, sha256: str) -> Sequence[str]:
        """Read the whole copy back: its digest, and that every member can be unpacked."""
        path = self.path(name)
        if not path.exists():
            return ["the copy is not there"]
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != sha256:
            return [f"its digest is {digest.hexdigest()[:12]}, not {sha256[:12]}"]
        return _unreadable(path)

    def drop(self, name: str) -> None:
        """Delete a copy."""
        self.path(name).unlink(missing_ok=True)


def _unreadable(path: Path) -> list[str]:
    try:
        with tarfile.open(path, "r:gz") as copy:
            for member in copy:
                content = copy.extractfile(member) if member.isfile() else None
                while content is not None and content.read(BLOCK):
                    pass
    except (tarfile.TarError, OSError, EOFError) as error:
        return [f"it cannot be unpacked: {error}"]
    return []
