"""`./fairground doctor`: eleven lines, each fine with its figure, or what is wrong and the command that mends it.

Works when the portal is down, when there is no database, and before the virtual environment is made.
"""

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from cli import container_engine, env_file, front_door, packages, portal_files, ports, programs, up, venv
from cli.container_engine import EngineError
from cli.home import CHECKOUT, home
from cli.manage import facts

LEAST_DISK, LEAST_MEMORY = 3 * 10**9, 512 * 10**6
"""Bytes; below, a launch may fail."""
OLDEST_BACKUP = timedelta(days=2)
DAMAGED = ("not a database", "malformed")
"""What SQLite says of a file that no start mends."""
FINE, LOOK, WRONG = "fine", "look", "WRONG"


@dataclass(frozen=True)
class Finding:
    """One line."""

    state: str
    told: str
    command: str = ""

    def line(self, name: str) -> str:
        """As it is printed."""
        return f"{name:9} {self.state:6} {self.told}{f'  →  {self.command}' if self.command else ''}"


def doctor() -> int:
    """Print the eleven lines; 0 if nothing is wrong, else 1."""
    known = facts()
    findings = {
        "engine": engine(),
        "disk": disk(shutil.disk_usage(_nearest(home())).free),
        "memory": memory(_available()),
        "ports": listening(env_file.read()),
        "names": names(portal_files.setting("APPS_DOMAIN", "apps.localhost")),
        "mail": mail(portal_files.setting("EMAIL_URL"), known),
        "clock": clock(time.time()),
        "backups": backups(time.time()),
        "copies": copies(portal_files.bucket(), known),
        "versions": versions(known),
        "room": room(known),
    }
    for name, finding in findings.items():
        print(finding.line(name))
    return 1 if any(finding.state == WRONG for finding in findings.values()) else 0


def engine() -> Finding:
    """Does a container engine answer?"""
    try:
        found = container_engine.of_our_machines()
        if found is None and (where := container_engine.where_machines_live()):
            return Finding(WRONG, f"{where}, where services run, does not answer", "start it")
        if found is None:
            return Finding(WRONG, "no container engine answers", "./fairground up (as root), or start Docker or Podman")
        version = found.api.json("GET", "/version").get("Version", "?")
    except EngineError as broken:
        return Finding(WRONG, str(broken), "./fairground up")
    return Finding(FINE, f"{found.docker_host}, version {version}{', our own' if found.is_ours else ''}")


def disk(free: int) -> Finding:
    """Where our data lies."""
    told, mend = f"{free / 1e9:.1f} GB free at {_nearest(home())}", f"du -xsh {quote(str(home()))}/*, and make room"
    return Finding(FINE, told) if free >= LEAST_DISK else Finding(WRONG, told, mend)


def memory(available: int) -> Finding:
    """What the system would still give; 0 = it does not tell."""
    if not available:
        return Finding(LOOK, "this system does not tell")
    told = f"{available / 1e9:.1f} GB free"
    return Finding(FINE, told) if available >= LEAST_MEMORY else Finding(WRONG, told, "end services, or add memory")


def listening(settings: dict[str, str]) -> Finding:
    """Are ours ours, or free?"""
    if "WEB_LISTEN" not in settings:
        return Finding(FINE, "none chosen yet; `up` takes free ones")
    ours = {"WEB_LISTEN": up.NAME, "FRONT_DOOR_LISTEN": front_door.NAME}
    taken = [
        settings[key]
        for key, name in ours.items()
        if key in settings and not programs.pid(name) and not ports.is_free(*ports.split(settings[key]))
    ]
    if taken:
        return Finding(WRONG, f"{', '.join(taken)} taken by another program", "end it (ss -ltnp shows it)")
    return Finding(FINE, ", ".join(settings[key] for key in ours if key in settings))


def names(domain: str) -> Finding:
    """Do names of services lead anywhere?"""
    try:
        found = socket.getaddrinfo(f"any.{domain}", None)[0][4][0]
    except OSError:
        if domain.endswith("localhost"):
            return Finding(FINE, f"*.{domain}: browsers know it by themselves")
        return Finding(WRONG, f"*.{domain} leads nowhere", f"add a DNS record for *.{domain}")
    return Finding(FINE, f"*.{domain} leads to {found}")


def mail(url: str, known: dict[str, Any]) -> Finding:
    """Is there somebody who takes our mails?"""
    if not url:
        return Finding(FINE, "no server named; mails are shown at /mailbox, on this computer")
    where = urlsplit(url)
    port = where.port or {"smtp+ssl": 465, "smtps": 465}.get(where.scheme, 25)
    try:
        socket.create_connection((where.hostname or "localhost", port), timeout=5).close()
    except OSError as error:
        return Finding(WRONG, f"{where.hostname}:{port} does not answer: {error}", "mend EMAIL_URL in fairground.env")
    return Finding(FINE, f"{where.hostname}:{port} answers; {known.get('mail', {}).get('unsent', '?')} mails wait")


def clock(now: float) -> Finding:
    """Ends of events hang on it."""
    newest = max((path.stat().st_mtime for path in home().glob("fairground.*")), default=0.0)
    if newest > now + 60:
        return Finding(WRONG, "this computer's clock stands before our newest data", "timedatectl set-ntp true")
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if shutil.which("timedatectl") and _said("timedatectl", "show", "-p", "NTPSynchronized", "--value") == "no":
        return Finding(LOOK, f"{shown}, compared with no time server", "timedatectl set-ntp true")
    return Finding(FINE, shown)


def backups(now: float) -> Finding:
    """How old is the newest?"""
    kept = [path.stat().st_mtime for path in portal_files.folder("backups").glob("*.tar")]
    if not kept:
        return Finding(LOOK, "there is none", "./fairground backup")
    age = timedelta(seconds=round(now - max(kept)))
    return Finding(FINE, f"the last is {age} old") if age <= OLDEST_BACKUP else _old(age)


def _old(age: timedelta) -> Finding:
    return Finding(LOOK, f"the last is {age.days} days old", "./fairground backup")


def copies(bucket: str, known: dict[str, Any]) -> Finding:
    """Where copies of services go, and whether it takes them."""
    where = f"in the bucket {bucket}" if bucket else f"in {portal_files.folder('archives')}"
    told = known.get("copies", {})
    if why := told.get("why"):
        return Finding(WRONG, f"{where}: {why}", "mend the lines COPIES_… in fairground.env, then down and up")
    return Finding(FINE, f"{where}; {told['kept']} kept, {told['size'] / 1e9:.1f} GB" if told else where)


def versions(known: dict[str, Any]) -> Finding:
    """Do programs, packages and database belong together?"""
    if lacking := packages.missing(packages.FOR_UP):
        return Finding(WRONG, f"missing: {packages.names(lacking)}", f"apt install {packages.names(lacking)}")
    if not venv.is_filled(venv.RUN):
        return Finding(WRONG, "the Python packages are not those of the lock file", "./fairground up")
    if known.get("migrations"):
        return Finding(WRONG, f"{known['migrations']} changes of the database wait", "./fairground up")
    commit = _said("git", "-C", str(CHECKOUT), "rev-parse", "--short", "HEAD") or "unknown"
    return Finding(FINE, f"Fairground {commit}, {_said('git', '--version')}, caddy {_said('caddy', 'version')[:12]}")


def room(known: dict[str, Any]) -> Finding:
    """How many more?"""
    if "room" not in known:
        why = str(known.get("why", "the database is not ready"))
        return Finding(
            WRONG, f"not known: {why}", _mend_database() if any(word in why for word in DAMAGED) else "./fairground up"
        )
    if known["room"] < 1:
        return Finding(WRONG, "for no more machine", "end services, or raise the limit of a place")
    return Finding(FINE, f"for about {known['room']} more machines by the places' limits")


def _mend_database() -> str:
    """Put back the newest backup, if there is one."""
    kept = sorted(portal_files.folder("backups").glob("*.tar"), key=lambda path: path.stat().st_mtime)
    return f"./fairground restore --yes {quote(str(kept[-1])) if kept else 'FILE'}"


def _nearest(path: Path) -> Path:
    """The path itself, or what is there of it."""
    return next(one for one in (path, *path.parents) if one.exists())


def _available(table: Path = Path("/proc/meminfo")) -> int:
    lines = table.read_text().splitlines() if table.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)


def _said(*words: str) -> str:
    """The first line of what a program says; empty if it is not there or does not like it."""
    if not (program := shutil.which(words[0], path=packages.PATH)):
        return ""
    done = subprocess.run([program, *words[1:]], capture_output=True, text=True, check=False)
    return (done.stdout.strip().splitlines() or [""])[0]
