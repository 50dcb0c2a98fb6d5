"""Runs a checkout of its own from its first start, over a service that answers, to its removal, and tells what it saw.

Called by test_remove.py as a program, in namespaces of its own: whatever is left there is ours.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker

from cli import container_engine
from cli.container_engine import own
from cli.home import home
from tests.e2e.portal import Portal, slug


class Alone(Portal):
    """With the engine that it brings itself."""

    def __post_init__(self) -> None:
        self.apps = self.folder.parent / "apps"
        self.env = os.environ | {"GIT_TRUSTED": f"file://{self.apps}/"}


def said(*words: str, code: int | None = 0) -> str:
    """What a program says. Fails on another exit code than this; None is any."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert code in (None, done.returncode), f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def rules() -> list[str]:
    """All that is not an empty table with open doors."""
    shown = [line for name in ("iptables-save", "ip6tables-save") for line in said(name, code=None).splitlines()]
    words = [re.sub(r" \[[0-9:]+\]", "", line) for line in shown]
    return sorted(word for word in words if re.match(r"-A|:\S+ (-|DROP)", word))


def running() -> list[str]:
    """Programs, without those that have ended and without us who look."""
    lines = said("ps", "-eo", "stat=,pid=,args=").splitlines()
    return sorted(line.split(None, 2)[2] for line in lines if line[0] != "Z" and " ps -eo" not in line)


def cgroups() -> list[str]:
    """Those of our machines."""
    ids = [container["Id"] for container in engine.api.containers()] if (engine := container_engine.find()) else []
    places = [str(place) for place in Path("/sys/fs/cgroup").glob("**/docker/*")]
    return sorted({place for place in places for number in ids if number in place})


def world() -> dict[str, list[str]]:
    """Everything of this system that we could have changed."""
    files = [str(path) for place in ("/etc", "/run", home().parent) for path in Path(place).rglob("*")]
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return {
        "packages": said("dpkg-query", "--show").splitlines(),
        "programs": running(),
        "networks": [*said("ip", "-o", "-brief", "address").splitlines(), *said("ip", "route").splitlines()],
        "rules": rules(),
        "kernel": [Path("/proc/sys/net/ipv4/ip_forward").read_text()],
        "mounts": sorted(place for place in mounts if place.startswith(("/sys/", f"{home().parent}/"))),
        "users": Path("/etc/passwd").read_text().splitlines(),
        "files": sorted(files),
    }


def live(image: str) -> dict[str, Any]:
    """One life."""
    portal = Alone(home().parent)
    seen: dict[str, Any] = {"before": world()}
    own.start(print)
    with Path(image).open("rb") as tar:
        docker.DockerClient(own.docker_host()).images.load(tar)
    portal.start()
    portal.shelve_tiny()
    ended, lives = portal.launch(slug("fine")), portal.launch(slug("fine"))
    ended.reaches("ready")
    lives.reaches("ready")
    lives.shows("")
    ended.end()
    ended.reaches("gone")
    seen["during"], seen["cgroups"] = world(), cgroups()
    for words in (["remove"], ["remove", "--yes"], ["remove", "--yes"]):
        done = portal.fairground(*words)
        seen.setdefault("told", []).append([done.returncode, done.stdout + done.stderr])
    seen["cgroups_left"] = [place for place in seen["cgroups"] if Path(place).exists()]
    return seen | {"after": world()}


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # sockets of other engines
    home().parent.mkdir()
    Path(sys.argv[2]).write_text(json.dumps(live(sys.argv[1])))
