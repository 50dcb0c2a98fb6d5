"""Where our things lie on a machine, and how a file is written so that a reader never sees half of it.

FAIRGROUND_ROOT is put before every standing path of ours; tests use it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("FAIRGROUND_ROOT") or "/")

CODE = ROOT / "opt/fairground"
STATE = ROOT / "var/lib/fairground"
JOBS = STATE / "jobs"
GIVEN = STATE / "given"
PROGRAMS = STATE / "programs"
LOGS = ROOT / "var/log/fairground"
RUNIT_LINKS = ROOT / "etc/service"
RUNIT_SERVICES = ROOT / "etc/sv"
UNITS = ROOT / "etc/systemd/system"
CACHE = ROOT / "var/cache/fairground"
"""Where git works: outside of STATE, because git is nobody and may not enter there."""
SERVICE = ROOT / "srv/fairground/service"
SERVICES = ROOT / "srv/fairground/services"
CRON = ROOT / "etc/cron.d/fairground-pull"
CRON_END = ROOT / "etc/cron.d/fairground-end"
CRON_CUT = ROOT / "etc/cron.d/fairground-cut"
CONTENTS = ROOT / "srv/fairground/content"
HOST = ROOT / "var/lib/fairground-host"
"""What a host of a pool remembers: whose it is, what it was like before, its history. It outlives its machines."""
HOST_CODE = ROOT / "opt/fairground-host"


def state() -> Path:
    """The folder of all state, made 0700 at the first need."""
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    return STATE


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write to a temporary name, flush to the disk, rename. After a crash there is the old file or the new one."""
    temporary = path.with_name(f".{path.name[:64]}.{os.urandom(6).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink()
        raise
    flush_folder(path.parent)


def write_json(path: Path, value: Any, mode: int = 0o600) -> None:
    """Write a JSON file whole."""
    write_whole(path, json.dumps(value, indent=1).encode(), mode)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file of ours; None if there is no such file, or only rubbish in it."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def flush_folder(folder: Path) -> None:
    """Make renames in this folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
