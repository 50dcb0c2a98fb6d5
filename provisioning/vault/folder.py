"""Copies as files in one folder. Written in resumable slices, read back before anybody relies on them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from provisioning.errors import Blame, TryAgain
from provisioning.vault.whole import problems


@contextmanager
def translated() -> Iterator[None]:
    """A disk that is full, broken or closed to us is a place of copies that does not answer."""
    try:
        yield
    except OSError as error:
        raise TryAgain("copies-away", blame=Blame.PORTAL, why=error.strerror or "") from error


class FolderVault:
    """Copies as files in one folder, readable by the portal alone. One that was not read back yet is called `.part`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of a copy. Names are ours (hex and dashes), never a person's."""
        if "/" in name or name.startswith("."):
            raise ValueError(f"{name!r} is not a copy's name")
        return self.folder / name

    @translated()
    def size(self, name: str) -> int:
        """Bytes kept so far."""
        path = self._there(name)
        return path.stat().st_size if path.exists() else 0

    @translated()
    def append(self, name: str, offset: int, slice_: bytes) -> None:
        """Write a slice at its offset and put it on the disk before returning. A copy that is whole stays as it is."""
        if self.path(name).exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._part(name), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.seek(offset)
            file.write(slice_)
            file.flush()
            os.fsync(file.fileno())

    @translated()
    def read(self, name: str, offset: int, limit: int) -> bytes:
        """A slice of a copy; nothing beyond its end, or where it is not."""
        try:
            with self._there(name).open("rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return b""

    @translated()
    def verify(self, name: str, sha256: str, alive: Callable[[], None]) -> Sequence[str]:
        """Read the whole copy back; only then it gets its own name."""
        try:
            with self._there(name).open("rb") as file:
                wrong = problems(file, sha256, alive)
        except FileNotFoundError:
            return ["the copy is not there"]
        if not wrong:
            with suppress(FileNotFoundError):  # another worker was faster
                self._part(name).rename(self.path(name))
        return wrong

    @translated()
    def drop(self, name: str) -> None:
        """Delete a copy."""
        self._part(name).unlink(missing_ok=True)
        self.path(name).unlink(missing_ok=True)

    @translated()
    def clear(self, before: datetime) -> int:
        """Throw away what was begun before then and is not whole."""
        old = [path for path in self.folder.glob("*.part") if path.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _part(self, name: str) -> Path:
        path = self.path(name)
        return path.with_name(f"{path.name}.part")

    def _there(self, name: str) -> Path:
        """Where it is now. What a worker that was overtaken still writes is never taken for it."""
        path = self.path(name)
        return path if path.exists() else self._part(name)
