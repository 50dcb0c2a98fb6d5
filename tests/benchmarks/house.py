"""What benches share: a very small app, launches of it over the portal's own pages, and figures of processes."""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cli import front_door, ours, programs, up
from cli.apart import manage
from cli.visitor import MissedError, Visitor, plain, until

TICK = os.sysconf("SC_CLK_TCK")

MANIFEST = """
format = 1
id = "still"
name = "Still"
tagline = "Answers, and does nothing else"
license = "Apache-2.0"
category = "other"
maintainers = [{ name = "Fairground", address = "fairground@localhost" }]
stateless = true
[service]
install = "install"
[[process]]
name = "web"
run = ["python3", "-m", "http.server", "80"]
directory = "/srv"
[[port]]
number = 80
primary = true
[health.ready]
path = "/still.txt"
contains = "still here"
[resources]
memory = "64MiB"
disk = "100MiB"
cpu = 0.2
[requires]
system = ["debian:12"]
"""
INSTALL = "#!/bin/sh\nmkdir -p /srv && echo 'still here' > /srv/still.txt\n"
ADD = """
from django.utils.timezone import now
from catalog import sync
from catalog.models import App
app, _ = App.objects.get_or_create(url={url!r}, defaults={{"added_at": now()}})
release = sync.look_at(app, at=now())
assert release, [str(problem) for problem in app.told()]
app.publish(release, by=None, at=now())
print(app.slug)
"""


def add_still(folder: Path) -> str:
    """Put the very small app on the shelf; `folder` must be among GIT_TRUSTED. Return its name."""
    folder.mkdir(parents=True)
    (folder / "fairground.toml").write_text(MANIFEST)
    (folder / "install").write_text(INSTALL)
    (folder / "install").chmod(0o755)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "Still"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    return manage("shell", "-v", "0", "-c", ADD.format(url=f"file://{folder}")).split()[-1]


def newcomer(settings: dict[str, str]) -> Visitor:
    """Somebody who has just signed up."""
    visitor = Visitor(settings["SITE_URL"], int(settings["APPS_PORT"]))
    email = f"bench-{secrets.token_hex(4)}@example.org"
    visitor.look("/accounts/signup/")
    visitor.press("/accounts/signup/", email=email, password1=secrets.token_urlsafe(12))
    code = re.findall(r"\b\d{6}\b", until("the code", lambda: visitor.mail(email, ""), 30))[0]
    visitor.press("Confirm the code", code=code)
    return visitor


def launch(visitor: Visitor, app: str) -> str:
    """Press once; return the page of the service."""
    visitor.look(f"/services/new?app={app}")
    visitor.press("Set up")
    return visitor.browser_at.path


def address_when_ready(visitor: Visitor, page: str, within: float) -> str:
    """Its public address, as soon as its page shows it; looked at as often as `by_hand.sh` looks."""

    def shown() -> str:
        seen = visitor.look(page)
        if 'id="retry"' in seen:
            raise MissedError(f"it did not start: {plain(seen)[:1500]}")
        found = re.findall(r'id="address">\s*(\S+?)\s*<', seen)
        return found[0] if found else ""

    return str(until(f"{page} is ready", shown, within, every=0.1))


def portal_pids() -> list[int]:
    """All processes of this installation, without the engine: our programs, the watch over them, the front door."""
    names = (up.NAME, *ours.NAMES, front_door.NAME)
    return [number for name in names if (number := programs.pid(name))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU that these processes, and their ended children, have used so far."""
    fields = [Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split() for number in pids]
    return sum(int(value) for one in fields for value in one[11:15]) / TICK


def memory_mib(pids: Iterable[int]) -> float:
    """Memory of these processes; what several share is counted once (PSS)."""
    rolled = [Path(f"/proc/{number}/smaps_rollup").read_text() for number in pids]
    return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) for text in rolled) / 1024


def watch(seconds: float) -> dict[str, float]:
    """Percent of a core, and MiB, of the portal while nobody does anything; and percent of a program that wakes each second."""
    pids = portal_pids()
    with bare() as sleeper:
        before, began = [cpu_seconds(who) for who in (pids, [sleeper])], time.monotonic()
        time.sleep(seconds)
        used, took = [cpu_seconds(who) for who in (pids, [sleeper])], time.monotonic() - began
    cpu, sleepers = (100 * (after - start) / took for start, after in zip(before, used, strict=True))
    return {"cpu_percent": round(cpu, 2), "memory_mib": round(memory_mib(pids), 1), "bare_percent": round(sleepers, 2)}


@contextmanager
def bare() -> Iterator[int]:
    """A bare Python that only sleeps, a second at a time. What it takes is what a wake costs here: 0.01 % to 0.26 % were seen."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time\nwhile True: time.sleep(1)"])
    try:
        yield sleeper.pid
    finally:
        sleeper.kill()
        sleeper.wait()
