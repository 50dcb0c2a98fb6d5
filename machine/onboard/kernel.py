"""What the kernel says about programs: who runs, since when, and since which boot."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def started(pid: int) -> int | None:
    """When a living program began, in clock ticks since boot; None if there is none. Unique together with the pid."""
    fields = stat(pid)
    return int(fields[19]) if fields and fields[0] not in (b"Z", b"X") else None


def stat(pid: int) -> list[bytes]:
    """The fields of /proc/<pid>/stat behind the name, which may itself hold anything; empty if it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def uptime() -> float:
    """Seconds since the kernel began; in a container, that of its host."""
    return float((PROC / "uptime").read_text().split()[0])


def reboot_mark() -> str:
    """Differs after every restart of the machine, also of a container, which shares the boot id of its host."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}-{started(1)}"


def alive(pid: object, since: object) -> bool:
    """Is this the very program that we knew?"""
    return isinstance(pid, int) and pid > 0 and since is not None and started(pid) == since


def group(leader: int) -> list[int]:
    """All living members of a process group."""
    return [pid for pid in pids() if in_group(stat(pid), leader)]


def pids() -> list[int]:
    """All there are."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def name(pid: int) -> str:
    """The short name of a program; empty if it is gone."""
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def in_group(fields: list[bytes], leader: int) -> bool:
    """Does this line of /proc belong to a living member of the group?"""
    return bool(fields) and fields[0] not in (b"Z", b"X") and int(fields[2]) == leader


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to a whole group; silent if it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(leader, number)


def ours(leader: int, since: object, mark: str) -> list[int]:
    """Members of a group that we once made: its leader is the one we knew, or is dead and the rest carries our mark.

    The mark (NAME=value in the environment) matters only if the group's number was taken by strangers in the meantime.
    """
    now = started(leader)
    if now is not None:
        return group(leader) if now == since else []
    return [pid for pid in group(leader) if mark.encode() in environment(pid)]


def environment(pid: int) -> list[bytes]:
    """NAME=value records of a program; empty if it is gone or not ours to read."""
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
