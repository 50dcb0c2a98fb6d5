"""What an engine of our own leaves on the system beside its folders, looked at before its first start, put right at the end."""

import contextlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from cli import brought
from cli.container_engine.firewall import run_tables

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
USER = "dockremap"
FILES = (Path("/etc/docker/key.json"), Path("/run/containerd"), Path("/run/docker"), Path("/run/runc"))
"""What an engine writes although it was given other folders."""
CGROUPS = Path("/sys/fs/cgroup")
CHAINS = ("DOCKER", "DOCKER-USER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2")
NO_CHAINS, NO_FORWARDING, NO_CGROUP = "no chains of an engine", "no forwarding", "no cgroup of an engine"


def look_before() -> None:
    """Write down what is not there yet. Before the first start of an engine of our own; the same again does no harm."""
    if not _has_user():
        brought.write_down(brought.USERS, [USER])
    brought.write_down(brought.FILES, [name for path in FILES for name in _first_missing(path)])
    missing = [NO_CHAINS] if run_tables("iptables", "-n", "-L", "DOCKER-USER") else []
    missing += [NO_FORWARDING] if FORWARDING.read_text().strip() == "0" else []
    missing += [] if _cgroups() else [NO_CGROUP]
    brought.write_down(brought.KERNEL, missing)


def take_away() -> None:
    """Put right what was not there before; to be called when our engine has ended. Where another runs, all is in use."""
    if _another_engine_runs():
        return
    missing = brought.read(brought.KERNEL)
    if NO_CHAINS in missing:
        _take_away_chains()
    if NO_FORWARDING in missing:
        run_tables("iptables", "-P", "FORWARD", "ACCEPT")  # an engine closes it when it switches forwarding on
        FORWARDING.write_text("0")
    if NO_CGROUP in missing:
        for folder in _cgroups():
            _end_cgroup(folder)
    if USER in brought.read(brought.USERS) and _has_user():
        subprocess.run(["userdel", USER], capture_output=True, check=False)
    for name in brought.read(brought.FILES):
        _delete(Path(name))


def _another_engine_runs() -> bool:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            if place.read_bytes().split(b"\0")[0].endswith(b"dockerd"):  # one that has ended tells no words any more
                return True
    return False


def _take_away_chains() -> None:
    jumps = [("filter", "FORWARD", chain) for chain in CHAINS] + [
        ("nat", "PREROUTING", "DOCKER"),
        ("nat", "OUTPUT", "DOCKER"),
    ]
    for table, builtin, chain in jumps:
        for rule in _rules(table, builtin):
            if rule[-2:] == ["-j", chain]:
                run_tables("iptables", "-t", table, "-D", *rule[1:])
    for table in ("filter", "nat"):
        for verb in ("-F", "-X"):
            for chain in CHAINS:
                run_tables("iptables", "-t", table, verb, chain)


def _rules(table: str, chain: str) -> list[list[str]]:
    words = ["iptables", "--wait", "10", "-t", table, "-S", chain]
    shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return [line.split() for line in shown.splitlines() if line.startswith("-A")]


def _cgroups() -> list[Path]:
    """Of engines that ask the kernel themselves; those that ask systemd leave none."""
    return [place for place in (CGROUPS / "docker", *CGROUPS.glob("*/docker")) if place.is_dir()]


def _end_cgroup(folder: Path) -> None:
    """What is in use refuses to go, and is somebody else's."""
    for place, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(place).rmdir()


def _has_user() -> bool:
    return any(entry.pw_name == USER for entry in pwd.getpwall())


def _first_missing(path: Path) -> list[str]:
    """The path, or the first folder on the way to it that is not there; nothing if it is."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    return [str(missing[-1])] if missing else []


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
