"""A host of a pool after its machine: what came is taken away, what changed is put back, and then it is looked at again.

It can be done over and over, from any point: each part looks at what is there and compares it with the baseline.
Whoever was root here and means it can hide from this; hosts for people nobody knows are reinstalled instead.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tarfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Optional

from machine.onboard import end_all, host_wall, kernel
from machine.onboard import host_baseline as before
from machine.onboard.host_baseline import Baseline, Entry
from machine.onboard.places import HOST_CODE
from machine.onboard.wire import Refused

ROUNDS = 4
"""How often programs are ended: a supervisor may start them again until it is ended itself."""
LOOKS = 2
"""How often files are put back: what the system itself wrote in between is not there at the second time."""
GRACE = 1.0  # seconds between TERM and KILL
PASSING = 3.0
"""Seconds in which a program may go by itself before it counts as left: somebody looked in from outside, cron was at work."""
PURGE_TIME = 900  # seconds
OWN_UNITS = ("cron.service", "crond.service", "atd.service", "ssh.service", "sshd.service")
"""Of the system, but what runs in them may be anybody's."""
MOST_TOLD = 20


def wipe(folder: Path) -> list[str]:
    """Take away all that came since the baseline in this folder. Returns what is left, in words; nothing = clean."""
    was = before.read(folder)
    with suppress(Refused, OSError):
        end_all.end_all({})
    stop_units(was)
    end_programs(was)
    unmount(was)
    drop_tables(was)
    purge(was)
    end_programs(was)
    sums.cache_clear()
    for _ in range(LOOKS):
        put_back(was, folder)
        if not (left := leftovers(was)):
            break
    tell_systemd("daemon-reload")
    return left


def stop_units(was: Baseline) -> None:
    """Systemd's new units, which would start what is ended."""
    for name in sorted(before.units() - set(was["units"])):
        tell_systemd("disable", "--now", name)


def tell_systemd(*words: str) -> None:
    """Where there is one; packages bring units also where there is none."""
    if shutil.which("systemctl"):
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(["systemctl", *words], check=False, capture_output=True, timeout=60)


def end_programs(was: Baseline) -> None:
    """Whatever runs that did not run before: TERM, then KILL, until nothing is left or it does not help."""
    for attempt in range(ROUNDS):
        found = strangers(was)
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if attempt else signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(kernel.started(pid) for pid in found):
            time.sleep(0.05)


def strangers(was: Baseline) -> dict[int, str]:
    """Programs that were not there before, by pid: their words. Ours, what leads to us, and the system's own are none."""
    running = before.programs()
    known = {tuple(program) for program in was["programs"]}
    units = set(was["units"]) - set(OWN_UNITS)
    spared = {pid for me in running if is_ours(me, running) for pid in line_of(me)}
    return {
        pid: words
        for pid, (file, user, words) in running.items()
        if pid not in spared
        and pid != 1
        and (file, user, words) not in known
        and not words.startswith("sshd: ")
        and unit_of(pid) not in units
    }


def lasting(was: Baseline) -> dict[int, str]:
    """Strangers as they are when there have been some for a while; none if there was one moment without."""
    deadline = time.monotonic() + PASSING
    while (found := strangers(was)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def is_ours(pid: int, running: dict[int, Any]) -> bool:
    """Is it this program, or a question to this host?"""
    return pid == os.getpid() or f"{HOST_CODE}/" in running[pid][2]


def line_of(pid: int) -> list[int]:
    """A program and those it came from."""
    line = []
    while pid > 0 and pid not in line:
        line.append(pid)
        pid = int((kernel.stat(pid) or [b"", b"0"])[1])
    return line


def unit_of(pid: int) -> str:
    """The systemd unit that a program runs in, instances under the name of their template; empty without systemd."""
    lines = before.lines_of(f"/proc/{pid}/cgroup")
    paths = [line.split(":", 2)[2] for line in lines if line.startswith(("0::", "1:name=systemd:"))]
    names = [part for path in paths for part in path.split("/") if part.endswith(".service")]
    name, at, _ = names[-1].partition("@") if names else ("", "", "")
    return f"{name}@.service" if at else name


def unmount(was: Baseline) -> None:
    """The deepest first."""
    for path in sorted(set(before.mounts()) - set(was["mounts"]), reverse=True):
        subprocess.run(["umount", "--lazy", path], check=False, capture_output=True)


def drop_tables(was: Baseline) -> None:
    """New rules of packets. One of ours stays until the host is free."""
    for name in new_tables(was):
        host_wall.nft("delete", "table", *name.split())


def new_tables(was: Baseline) -> list[str]:
    """Tables that came since; none where nobody wrote down which there were."""
    return sorted(host_wall.tables() - set(was["tables"])) if "tables" in was else []


def purge(was: Baseline) -> None:
    """New packages, with what they configured. Where apt refuses, dpkg does it without asking."""
    came = sorted(set(before.packages()) - set(was["packages"]))
    if not came:
        return
    quiet: dict[str, Any] = {"capture_output": True, "timeout": PURGE_TIME}
    quiet["env"] = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet["stdin"] = subprocess.DEVNULL
    with suppress(subprocess.TimeoutExpired, FileNotFoundError):
        subprocess.run(["apt-get", "--assume-yes", "--no-auto-remove", "purge", *came], check=False, **quiet)
    if left := sorted(set(before.packages()) & set(came)):
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(["dpkg", "--purge", "--force-all", *left], check=False, **quiet)


def put_back(was: Baseline, folder: Path) -> None:
    """New files go, changed and missing ones come back from the copies. What cannot be is found by the second look."""
    files, now = was["files"], dict(before.walk())
    mounted = set(before.mounts()) - set(was["mounts"])  # what is there is somebody else's
    for path in [path for path in now if path not in files]:
        if not any(before.is_in(mount, (path,)) for mount in mounted):
            with suppress(OSError):
                remove(Path(path))
    wrong = {path: entry for path, entry in files.items() if problem(path, entry, now.get(path))}
    if not wrong:
        return
    with tarfile.open(folder / "kept.tar") as tar:
        copies = {f"/{member.name}": member for member in tar}
        for path, entry in wrong.items():
            with suppress(OSError):
                restore(Path(path), entry, tar, copies.get(path))


def remove(path: Path) -> None:
    """A file, a link, or a folder with all in it; what is gone already is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    elif path.is_symlink() or path.exists():
        path.unlink()


def restore(path: Path, entry: Entry, tar: tarfile.TarFile, copy: Optional[tarfile.TarInfo]) -> None:
    """Make one thing what it was."""
    mode, user, group = entry[:3]
    now = before.entry_of(str(path))
    if stat.S_ISDIR(mode):
        if now is None or not stat.S_ISDIR(now[0]):
            remove(path)
            path.mkdir()
    elif stat.S_ISLNK(mode):
        remove(path)
        path.symlink_to(entry[3])
    elif copy is not None and (now is None or now[3:] != entry[3:]):
        place(path, entry, tar, copy)
    if before.entry_of(str(path)):
        os.lchown(path, user, group)
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode))


def place(path: Path, entry: Entry, tar: tarfile.TarFile, copy: tarfile.TarInfo) -> None:
    """Write the copy beside, then put it in its place."""
    content = tar.extractfile(copy)
    assert content is not None
    if path.is_dir():
        remove(path)
    fresh = path.with_name(f".{path.name[:200]}.fairground")
    try:
        with fresh.open("wb") as out:
            shutil.copyfileobj(content, out)
        os.utime(fresh, ns=(entry[4], entry[4]))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def problem(path: str, entry: Entry, now: Optional[Entry]) -> str:
    """What is wrong with something that was there before, as it is now; empty if nothing is."""
    if now == entry or path.endswith(".pyc"):
        return ""
    if before.is_in(path, before.LIVING) and not before.is_in(path, before.KEPT):
        return ""
    if now is None:
        return f"{path} is missing"
    if now[:3] == entry[:3] and stat.S_ISREG(entry[0]) and is_packaged_as_it_was(path):
        return ""
    return f"{path} was changed"


def is_packaged_as_it_was(path: str) -> bool:
    """Does its package still know it by this content? Its time alone says nothing: packages are unpacked again."""
    return path.startswith("/usr/") and sums().get(path) == hashlib.md5(Path(path).read_bytes()).hexdigest()  # noqa: S324


@cache
def sums() -> dict[str, str]:
    """The sums that packages tell of their own files. Read after the last of them came or went."""
    files = Path("/var/lib/dpkg/info").glob("*.md5sums")
    lines = [line for file in files for line in file.read_text(errors="surrogateescape").splitlines()]
    return {before.merged(f"/{line[34:]}"): line[:32] for line in lines}


def leftovers(was: Baseline) -> list[str]:
    """The second look: everything that is not as it was, in words."""
    files, seen, now = was["files"], dict(before.walk()), before.packages()
    found = [f"the program “{words[:80]}” runs" for words in lasting(was).values()]
    found += [f"somebody listens on port {port}" for port in sorted(before.ports() - set(was["ports"]))]
    found += [f"{path} is mounted" for path in sorted(set(before.mounts()) - set(was["mounts"]))]
    found += [f"the firewall's table “{name}” is still there" for name in new_tables(was)]
    found += [f"the package {name} is still there" for name in sorted(set(now) - set(was["packages"]))]
    found += [
        f"the package {name} was changed" for name, version in was["packages"].items() if now.get(name) != version
    ]
    found += [f"{path} is still there" for path in seen if path not in files]
    found += [told for path, entry in files.items() if (told := problem(path, entry, seen.get(path)))]
    more = len(found) - MOST_TOLD
    return [*found[:MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]
