"""What a host is like before a machine is put on it: packages, units, programs, ports, mounts, tables, and every file.

Copies are kept of what people configure and packages do not own, so that it can be put back; of the rest, only how it was.
"""

from __future__ import annotations

import gzip
import json
import os
import pwd
import shutil
import stat
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Iterator, Optional

from machine.onboard import host_wall, kernel
from machine.onboard.places import HOST, HOST_CODE, flush_folder

KEPT = ("/etc", "/root", "/home", "/opt", "/srv", "/usr/local", "/var/spool/cron", "/var/www")
"""Where people write: copied, so that it can be put back."""
KEPT_MOST, KEPT_ALL = 1 << 20, 256 << 20
"""Bytes of one copied file, and of all."""
LIVING = ("/var", "/tmp", "/dev/shm")  # noqa: S108 - looked at, not written to
"""Where a system writes by itself: what is new goes, what changed does not matter. Except what is in KEPT."""
PASSED_BY = ("/proc", "/sys", "/dev", "/run", "/var/lib/dpkg", "/var/lib/apt", "/var/lib/systemd", "/var/log/journal")
"""Never walked: the kernel's, and books that packages and the journal keep themselves."""
DISKS = ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "overlay", "tmpfs", "vfat")
"""Kinds of mounts that are walked into; anything else is somebody else's disk, and so is a file that is a mount."""
UNITS = ("/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system", "/run/systemd/generator")

Entry = list[Any]
"""Mode, owner, group; of a file also its size and time in ns, of a link its target."""
Baseline = dict[str, Any]


def write(folder: Path, way_in: int) -> None:
    """Write all down beside, then rename. Our own way in was there, although its program may be starting just now."""
    fresh = Path(tempfile.mkdtemp(prefix=".new-baseline-", dir=HOST))
    files = dict(walk())
    with tarfile.open(fresh / "kept.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        room, owned = KEPT_ALL, owned_by_packages()
        for path, entry in files.items():
            if is_kept(path, entry, owned) and entry[3] <= room:
                room -= entry[3]
                tar.add(path, recursive=False)
    found = {**look(), "files": files}
    found["ports"] = sorted({*found["ports"], way_in})
    with gzip.open(fresh / "baseline.json.gz", "wt", compresslevel=1) as out:
        out.write(json.dumps(found))  # in one piece: `dump` would write it a word at a time, in seconds
    for file in fresh.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    flush_folder(fresh)
    fresh.rename(folder)
    flush_folder(folder.parent)


def read(folder: Path) -> Baseline:
    """What `write` wrote."""
    with gzip.open(folder / "baseline.json.gz", "rt") as file:
        found: Baseline = json.load(file)
    return found


def look() -> Baseline:
    """Everything but the files."""
    return {
        "packages": packages(),
        "units": sorted(units()),
        "programs": [list(program) for program in programs().values()],
        "ports": sorted(ports()),
        "mounts": sorted(mounts()),
        "tables": sorted(host_wall.tables()),
    }


def walk() -> Iterator[tuple[str, Entry]]:
    """Every file, folder and link of this host's own disks."""
    elsewhere = {path for path, kind in mounts().items() if kind not in DISKS or not Path(path).is_dir()}
    skipped = {*PASSED_BY, *elsewhere, str(HOST), str(HOST_CODE)} - {"/"}
    folders = ["/", "/dev/shm"]  # noqa: S108
    while folders:
        for path, entry in inside(folders.pop()):
            if path in skipped:
                continue
            yield path, entry
            if stat.S_ISDIR(entry[0]) and not path.endswith("/supervise"):  # runit's own notes
                folders.append(path)


def inside(folder: str) -> Iterator[tuple[str, Entry]]:
    """What is in one folder; nothing if it is just going away."""
    try:
        with os.scandir(folder) as found:
            for one in found:
                if entry := entry_of(one.path):
                    yield one.path, entry
    except (FileNotFoundError, NotADirectoryError):
        return


def entry_of(path: str) -> Optional[Entry]:
    """How one file is; None if it is not there."""
    try:
        seen = os.lstat(path)
        entry: Entry = [seen.st_mode, seen.st_uid, seen.st_gid]
        if stat.S_ISREG(seen.st_mode):
            entry += [seen.st_size, seen.st_mtime_ns]
        elif stat.S_ISLNK(seen.st_mode):
            entry += [os.readlink(path)]  # noqa: PTH115 - thousands of them
    except FileNotFoundError:
        return None
    return entry


def is_in(path: str, places: tuple[str, ...]) -> bool:
    """Is it one of these places, or in one?"""
    return any(path == place or path.startswith(place + "/") for place in places)


def is_kept(path: str, entry: Entry, owned: set[str]) -> bool:
    """Is a copy of it kept?"""
    if not stat.S_ISREG(entry[0]) or entry[3] > KEPT_MOST:
        return False
    of_nobody = path.startswith("/usr/") and path not in owned and not path.endswith(".pyc")
    return is_in(path, KEPT) or of_nobody


def owned_by_packages() -> set[str]:
    """Paths that packages say are theirs, under the name that is walked (/lib is a link to /usr/lib today)."""
    listed = Path("/var/lib/dpkg/info").glob("*.list")
    return {merged(line) for file in listed for line in file.read_text(errors="surrogateescape").splitlines()}


def merged(path: str) -> str:
    """A path below the old top folders as it is below /usr."""
    top = path.split("/", 2)[1] if path.count("/") > 1 else ""
    return f"/usr{path}" if top in ("bin", "sbin", "lib", "lib64") and Path(f"/{top}").is_symlink() else path


def packages() -> dict[str, str]:
    """Installed packages and their versions; what was only left configured counts too."""
    if not shutil.which("dpkg-query"):
        return {}
    form = "${Package}:${Architecture} ${Version} ${db:Status-Abbrev}\n"
    said = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, check=True, text=True).stdout
    return dict(line.split(" ", 1) for line in said.splitlines())


def units() -> set[str]:
    """Names of systemd's units, whoever wrote them."""
    return {path.name for folder in UNITS for path in Path(folder).glob("*.*") if path.suffix != ".wants"}


def programs() -> dict[int, tuple[str, int, str]]:
    """What runs, by pid: file, user, words. Threads of the kernel, and what has ended, have no file."""
    found = {}
    for pid in kernel.pids():
        where = Path(f"/proc/{pid}")
        try:
            file = file_of(where)
            words = (where / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            found[pid] = (file, where.stat().st_uid, words)
        except OSError:
            continue
    return found


def file_of(program: Path) -> str:
    """What it was started from; a container's root may not be told that of other users' programs, and they run all the same."""
    try:
        return str((program / "exe").readlink())
    except PermissionError:
        return ""


def ports() -> set[int]:
    """TCP ports that a program of this host listens on."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in lines_of(f"/proc/net/{name}")[1:]]
    listening = {f"socket:[{line[9]}]": int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == "0A"}
    return {listening[held] for pid in kernel.pids() for held in held_by(pid) if held in listening}


def held_by(pid: int) -> Iterator[str]:
    """What a program has open."""
    try:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            yield str(file.readlink())
    except OSError:
        return


def mounts() -> dict[str, str]:
    """What is mounted: where, and its kind. The kernel's own and what comes with logins is left out."""
    fields = [line.split() for line in lines_of("/proc/self/mounts")]
    named = {field[1].encode().decode("unicode_escape"): field[2] for field in fields}
    return {path: kind for path, kind in named.items() if not is_in(path, ("/proc", "/sys", "/run"))}


def lines_of(path: str) -> list[str]:
    """A file of the kernel's as lines; none if it is not there."""
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def let_in(user: str, key: str) -> None:
    """Let this key log in as this user too; what is there stays."""
    who = pwd.getpwnam(user)
    folder = Path(who.pw_dir) / ".ssh"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, who.pw_uid, who.pw_gid)
    file = folder / "authorized_keys"
    lines = file.read_text().splitlines() if file.exists() else []
    if key.strip() in lines:
        return
    fresh = folder / ".authorized_keys.new"
    fresh.touch(mode=0o600)
    os.chown(fresh, who.pw_uid, who.pw_gid)
    fresh.write_text("\n".join([*lines, key.strip()]) + "\n")
    fresh.replace(file)
