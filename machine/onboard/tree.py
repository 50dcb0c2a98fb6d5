"""A folder that came from outside: measured, made ours, and refused if it reaches out of itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from machine.onboard.failure import Failed, Why

MOST_ENTRIES = 200_000


def adopt(root: Path, most: int, *, links_out: bool = False) -> int:
    """Check everything beneath `root` and make it ours: owner root, folders and programs 0755, files 0644.

    Returns the number of files. Refused: anything but files, folders and links; links that lead out, unless they may
    (what runs as root may point where it likes; what is served to the world may not); too much of it.
    """
    count = size = files = 0
    home = "/" if links_out else os.path.realpath(root)
    for folder, names, others in os.walk(root):
        for path in (Path(folder) / name for name in names + others):
            count += 1
            size += adopt_one(path, home)
            files += path.name in others
            if count > MOST_ENTRIES or size > most:
                raise Failed(Why.TOO_BIG, f"more than {MOST_ENTRIES} entries or {most >> 20} MiB")
    own(root, 0o755)
    return files


def adopt_one(path: Path, home: str) -> int:
    """Check and take over one entry. Returns its size."""
    seen = path.lstat()
    if stat.S_ISLNK(seen.st_mode):
        if os.path.commonpath([home, os.path.realpath(path)]) != home:
            raise Failed(Why.BAD_CONTENT, f"{str(path)[-200:]!r} is a link that leads outside")
        os.lchown(path, os.geteuid(), os.getegid())
        return 0
    if stat.S_ISDIR(seen.st_mode):
        own(path, 0o755)
        return 0
    if not stat.S_ISREG(seen.st_mode):
        raise Failed(Why.BAD_CONTENT, f"{str(path)[-200:]!r} is neither file nor folder")
    own(path, 0o755 if seen.st_mode & 0o100 else 0o644)
    return seen.st_size


def own(path: Path, mode: int) -> None:
    """Take over one file or folder."""
    os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
    path.chmod(mode)


def point(link: Path, place: Path) -> None:
    """Make `link` lead to `place`, in one moment."""
    fresh = link.with_name(f".{link.name}.fairground")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(place)
    fresh.replace(link)


def oldest_first(folder: Path, keep: str) -> list[Path]:
    """The folders in a folder by age, except the one to keep and what is hidden."""
    found = [
        entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".") and entry.name != keep
    ]
    return sorted(found, key=lambda entry: entry.stat().st_mtime)
