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

from cli import container_engine, env_file
from cli.container_engine import own
from cli.home import CHECKOUT, home, run_folder
from cli.visitor import Visitor, until
from tests.front_door.doors import free_port

PLANT = """
from datetime import timedelta
from django.utils.timezone import now
from provisioning.models import Archive, Deployment
one = Deployment.objects.get()
Archive.objects.create(deployment=one, machine=one.machine(), name="kept.tar.gz", sha256="0" * 64, size=4,
                       verified_at=now(), delete_at=now() + timedelta(days=30))
"""
LONG = 240.0


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
    return {
        "packages": said("dpkg-query", "--show").splitlines(),
        "programs": running(),
        "networks": [*said("ip", "-o", "-brief", "address").splitlines(), *said("ip", "route").splitlines()],
        "rules": rules(),
        "kernel": [Path("/proc/sys/net/ipv4/ip_forward").read_text()],
        "mounts": sorted(line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()),
        "users": Path("/etc/passwd").read_text().splitlines(),
        "files": sorted(files),
    }


def launch(password: str, port: int, apps_port: int) -> str:
    """One press; return the address when it answers."""
    visitor = Visitor(f"http://localhost:{port}", apps_port)
    visitor.look("/accounts/login/")
    visitor.press("/accounts/login/", login="admin@localhost", password=password)
    visitor.look("/services/new?app=results-board")
    visitor.press("Set up")
    path = visitor.browser_at.path
    until("it is open", lambda: "Copy the address" in visitor.look(path), LONG)
    found = re.search(rf"http://[a-z0-9-]+\.apps\.localhost:{apps_port}/", visitor.page)
    assert found
    assert visitor.visit(found[0]).status_code == 200
    return found[0]


def live(image: str) -> dict[str, Any]:
    """One life."""
    port, apps_port = free_port(), free_port()
    seen: dict[str, Any] = {"before": world()}
    own.start(print)
    with Path(image).open("rb") as tar:
        docker.DockerClient(own.docker_host()).images.load(tar)
    door = str(CHECKOUT / "fairground")
    begun = said(door, "up", "--yes", "--detach", "--port", str(port), "--apps-port", str(apps_port))
    password = re.search(r"password\s+(\S+)", begun)
    assert password, begun
    seen["address"] = launch(password[1], port, apps_port)
    said(str(CHECKOUT / ".venv/bin/python"), "manage.py", "shell", "-c", PLANT)
    (home() / "archives").mkdir(exist_ok=True)
    (home() / "archives" / "kept.tar.gz").write_text("kept")
    seen["during"], seen["cgroups"] = world(), cgroups()
    seen["unasked"] = said(door, "remove", code=1)
    seen["portal_id"] = env_file.read()["PORTAL_ID"]
    seen["removed"] = said(door, "remove", "--yes")
    seen["again"] = said(door, "remove", "--yes")
    seen["cgroups_left"] = [place for place in seen["cgroups"] if Path(place).exists()]
    return seen | {"after": world()}


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # sockets of other engines
    os.chdir(CHECKOUT)
    run_folder().parent.mkdir(parents=True, exist_ok=True)
    Path(sys.argv[2]).write_text(json.dumps(live(sys.argv[1])))
