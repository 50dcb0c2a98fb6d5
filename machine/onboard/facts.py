"""What the machine is."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Any

from machine.onboard import kernel
from machine.onboard.wire import Given


def facts(_: Given) -> dict[str, Any]:
    """System, architecture, reboot mark, python; disk of / and memory in MiB."""
    disk = shutil.disk_usage("/")
    memory = memory_kib()
    return {
        "system": system(),
        "architecture": platform.machine(),
        "reboot_mark": kernel.reboot_mark(),
        "python": platform.python_version(),
        "disk_mib": disk.total >> 20,
        "disk_used_mib": disk.used >> 20,
        "memory_mib": memory.get("MemTotal", 0) >> 10,
        "memory_free_mib": memory.get("MemAvailable", 0) >> 10,
        "processors": os.cpu_count() or 1,
    }


def system() -> str:
    """ "debian:12"; "unknown:" where the system does not say."""
    lines = Path("/etc/os-release").read_text().splitlines() if Path("/etc/os-release").exists() else []
    said = dict(line.partition("=")[::2] for line in lines)
    name, version = (said.get(key, "").strip("\"'") for key in ("ID", "VERSION_ID"))
    return f"{name or 'unknown'}:{version}"


def memory_kib() -> dict[str, int]:
    """The lines of /proc/meminfo, in KiB."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}
