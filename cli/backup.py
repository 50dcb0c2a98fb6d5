"""`./fairground backup`: the portal itself in one tar: database, settings with keys, mirrors, copies, and their digests.

Taken while everything runs. The database comes first, so that whatever its rows name is there when the files are read.
"""

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import IO

from cli import portal_files
from cli.home import home, settings_file
from cli.talk import HaltError, say

MANIFEST = "manifest.json"
SETTINGS = "fairground.env"
SQLITE, DUMP = "database.sqlite3", "database.dump"
COPIES = "archives"
FORMAT = 1
KEPT_AUTOMATICALLY = 5
BEFORE = "before-migration-"


def backup(file: Path | None, *, copies: bool = True) -> int:
    """Take one, and say where it is and what is in it."""
    taken = take(file or portal_files.folder("backups") / f"{_now()}.tar", copies=copies)
    size = taken.stat().st_size / 1e6
    say(
        f"The portal is kept in {taken} ({size:.1f} MB), read back and found whole. It holds keys: keep it to yourself."
    )
    say(_told_of_copies(copies=copies))
    say(f"`./fairground restore {quote(str(taken))}` puts it back.")
    return 0


def _told_of_copies(*, copies: bool) -> str:
    if bucket := portal_files.bucket():
        return (
            f"Kept copies of services are NOT in it; they lie in the bucket {bucket}, which you should keep twice, too."
        )
    if copies:
        return "Kept copies of services are in it."
    return f"Kept copies of services are NOT in it; they lie in {portal_files.folder(COPIES)}."


def take(file: Path, *, copies: bool) -> Path:
    """Write, read back, and only then give it its name. Raises HaltError; then there is no file of that name anew."""
    if not settings_file().exists():
        raise HaltError("There is nothing to keep yet: `./fairground up` was never here.")
    fresh = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(fresh, copies=copies)
        read_manifest(fresh)
        fresh.replace(file)
    except OSError as error:
        raise HaltError(f"The backup could not be written: {error}. What was kept before is as it was.") from error
    finally:
        with suppress(OSError):  # what could not be made is not there
            fresh.unlink(missing_ok=True)
    return file


def take_before_migration() -> Path:
    """One without copies, which no migration touches; the newest five stay."""
    kept = portal_files.folder("backups")
    taken = take(kept / f"{BEFORE}{_now()}.tar", copies=False)
    for old in sorted(kept.glob(f"{BEFORE}*.tar"))[:-KEPT_AUTOMATICALLY]:
        old.unlink(missing_ok=True)
    return taken


def read_manifest(file: Path) -> dict[str, object]:
    """What it says of itself, after every byte was read and compared. Raises HaltError when it is not whole."""
    seen: dict[str, str] = {}
    told = b""
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None or member.name.startswith("/") or ".." in member.name.split("/"):
                    raise HaltError(
                        f"{file} holds {member.name!r}, which no backup of ours holds. Nothing was changed."
                    )
                if member.name == MANIFEST:
                    told = content.read()
                else:
                    seen[member.name] = _digest(content)
        manifest: dict[str, object] = json.loads(told)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise HaltError(f"{file} cannot be read as a backup of the portal: {error}. Nothing was changed.") from error
    if manifest.get("format") != FORMAT or manifest.get("files") != seen:
        raise HaltError(f"{file} is not whole: what is in it differs from its own list. Nothing was changed.")
    return manifest


def _write(file: Path, *, copies: bool) -> None:
    file.unlink(missing_ok=True)
    digests: dict[str, str] = {}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w:") as tar, tempfile.TemporaryDirectory(dir=file.parent) as scratch:
            database = snapshot(Path(scratch))
            _add(tar, database, database.name, digests)
            _add(tar, settings_file(), SETTINGS, digests)
            for name in (*portal_files.FOLDERS, *([COPIES] if copies else [])):
                for path in _files(portal_files.folder(name)):
                    _add(tar, path, f"{name}/{path.relative_to(portal_files.folder(name))}", digests)
            made = datetime.now(UTC).isoformat(timespec="seconds")
            told = {"format": FORMAT, "made": made, "home": str(home()), "copies": copies, "files": digests}
            _add_text(tar, MANIFEST, json.dumps(told, indent=1))
        out.flush()
        os.fsync(out.fileno())


def snapshot(folder: Path) -> Path:
    """The database as of one moment, while it is written to. Raises HaltError."""
    if source := portal_files.sqlite_file():
        if not source.exists():
            raise HaltError(f"There is no database at {source}. `./fairground up` makes one.")
        try:
            with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(folder / SQLITE)) as kept:
                live.backup(kept)
        except sqlite3.Error as error:
            raise HaltError(
                f"The database {source} could not be read: {error}. Backups made before are as they were; "
                "`./fairground doctor` tells what mends it."
            ) from error
        return folder / SQLITE
    words = ["pg_dump", "--format=custom", "--no-owner", "--file", str(folder / DUMP)]
    done = subprocess.run(words, env=portal_files.postgres_settings(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise HaltError(f"PostgreSQL's pg_dump failed:\n{done.stderr[-1000:]}")
    return folder / DUMP


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _add(tar: tarfile.TarFile, path: Path, name: str, digests: dict[str, str]) -> None:
    """As many bytes as it had when it was opened; what vanishes meanwhile (a repacked mirror) is left out."""
    try:
        content = path.open("rb")
    except FileNotFoundError:
        return
    with content:
        facts = tarfile.TarInfo(name)
        facts.size, facts.mode = os.fstat(content.fileno()).st_size, 0o600
        watched = _Watched(content)
        tar.addfile(facts, watched)  # type: ignore[arg-type]  # it only reads
        digests[name] = watched.digest.hexdigest()


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    facts = tarfile.TarInfo(name)
    facts.size, facts.mode = len(text.encode()), 0o600
    tar.addfile(facts, io.BytesIO(text.encode()))


class _Watched:
    """A file that is digested while it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self.content = content
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next bytes."""
        block = self.content.read(size)
        self.digest.update(block)
        return block


def _digest(content: IO[bytes]) -> str:
    watched = _Watched(content)
    while watched.read(1 << 20):
        pass
    return watched.digest.hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
