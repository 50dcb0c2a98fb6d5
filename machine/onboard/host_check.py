"""What a host is like, told without anything of ours on it: sent over the line and run from there. Python 3.7 reads it."""

from __future__ import annotations

import json
import os
import platform
import shutil


def lines(path: str) -> list[str]:
    """A file as lines; none if it is not there."""
    try:
        with open(path) as file:  # noqa: PTH123
            return file.read().splitlines()
    except OSError:
        return []


def runs(*names: str) -> bool:
    """Does a program of one of these names run?"""
    pids = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    return any(lines("/proc/" + pid + "/comm")[:1] == [name] for pid in pids for name in names)


def told() -> dict[str, object]:
    """All of it."""
    release = dict(line.partition("=")[::2] for line in lines("/etc/os-release"))
    memory = dict(line.split(":", 1) for line in lines("/proc/meminfo") if ":" in line)
    return {
        "system": ":".join(release.get(name, "").strip("\"'") for name in ("ID", "VERSION_ID")),
        "python": platform.python_version(),
        "memory_mib": int(memory.get("MemTotal", "0").split()[0]) >> 10,
        "disk_free_mib": shutil.disk_usage("/").free >> 20,
        "git": bool(shutil.which("git")),
        "nft": bool(shutil.which("nft", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")),
        "cron": runs("cron", "crond"),
        "packages": bool(shutil.which("dpkg-query") and shutil.which("apt-get")),
    }


print(json.dumps(told()))
