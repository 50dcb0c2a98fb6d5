"""Runs an engine of our own from its first start to its removal, in a network of its own, and tells what it saw.

Called by test_container_engine.py as a program, because an engine's rules belong to the network it runs in.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker

from cli import container_engine
from cli.container_engine import firewall, own
from cli.home import run_folder
from provisioning.fabrics.container import open_driver
from provisioning.fabrics.container.request import name
from tests.engine import make_spec, wait_for


def answers(port: int) -> bool:
    """Say whether sshd greets us there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as wire:
            return wire.recv(4) == b"SSH-"
    except OSError:
        return False


def rules() -> str:
    """All rules of this network."""
    return subprocess.run(["iptables", "-S"], capture_output=True, text=True, check=True).stdout


def mounts() -> list[str]:
    """What is mounted under the engine's folders."""
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return [place for place in places if place.startswith((str(own.folder()), str(run_folder())))]


def clear() -> None:
    """No machine and no network of one."""
    if engine := container_engine.find():
        for container in engine.api.containers():
            engine.api.ask("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        for network in engine.api.networks(driver="bridge"):
            engine.api.ask("DELETE", f"/networks/{network['Id']}")


def live(folder: Path, image: str) -> dict[str, Any]:
    """One life."""
    own.start(print)
    engine = container_engine.ensure(print)
    with (folder / "image.tar").open("rb") as tar:
        docker.DockerClient(engine.docker_host).images.load(tar)
    options = {"docker_host": engine.docker_host, "image": image, "bridge_prefix": container_engine.bridge_prefix()}
    driver = open_driver(options, secrets.token_hex(16))
    spec, identity = make_spec(driver.owner)
    before = driver.ensure(spec, identity, within=20)
    wait_for(lambda: answers(spec.ssh_port))
    seen: dict[str, Any] = {"is_ours": engine.is_ours, "door": engine.git_door_host, "rules": rules()}

    first = own.pid()
    assert first
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: own.pid() is None)
    seen["answers_without_engine"] = answers(spec.ssh_port)
    container_engine.ensure(print)
    seen["is_another"] = own.pid() not in {None, first}
    seen["same_machine"] = driver.see(spec.key, within=20) == before
    seen["answers_again"] = answers(spec.ssh_port)

    container_engine.stop()
    seen["stopped"] = container_engine.find() is None
    seen["answers_after_stop"] = answers(spec.ssh_port)
    own.start(print)
    container = docker.DockerClient(own.docker_host()).containers.get(name(spec.key))
    seen["outside_uid"] = Path(f"/proc/{container.attrs['State']['Pid']}").stat().st_uid

    seen["stays_while_needed"] = container_engine.remove()
    clear()
    seen["stays"] = [container_engine.remove(), container_engine.remove()]
    seen["pid_at_the_end"] = own.pid()
    seen["rules_at_the_end"] = [line for line in rules().splitlines() if firewall.INPUT[:19] in line]
    seen["mounts_at_the_end"] = mounts()
    return seen


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)  # sockets of other engines
    try:
        (Path(sys.argv[1]) / "seen.json").write_text(json.dumps(live(Path(sys.argv[1]), sys.argv[2])))
    finally:
        clear()
        container_engine.remove()
