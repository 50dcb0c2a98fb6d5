"""At which address of this host machines reach the portal's git door. Tried rather than guessed, because engines differ.

First the gateway of an empty network: only machines have a way to it. Where that is not on this host, because the engine
runs in a virtual machine or without rights, what machines send comes out here as if from this host itself: then the door
is at this host's own address, and lets nobody else in.
"""

import contextlib
import ipaddress
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from cli.container_engine.api import Api, EngineError, limits
from cli.container_engine.firewall import PATH, SPARE_DOORS, bridge_prefix
from cli.container_engine.routes import routed
from cli.home import mark

PORT = 8418
PORTS = range(PORT, PORT + SPARE_DOORS + 1)
"""A demo has a git door of its own beside the portal's."""
BLOCKS = tuple(ipaddress.IPv4Network("10.213.0.0/16").subnets(new_prefix=19))
"""Networks for machines: several portals on one host take them from different blocks, if they can."""
DOORS = tuple(ipaddress.IPv4Network("10.214.0.0/16").subnets(new_prefix=19))
"""An empty network in one of these says that a checkout takes its machines' networks from the block of this number."""
KNOCK = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"


def name() -> str:
    """Of the empty network."""
    return f"fairground-{mark()}-door"


def address(api: Api) -> str:
    """Make sure that there is the empty network; return its gateway if it is on this host, else "". Raises EngineError."""
    gateway = known(api) or _make(api)
    if not is_here(gateway) and os.geteuid() == 0 and api.is_podman():
        _add_to_loopback(gateway)
    return gateway if is_here(gateway) else ""


def known(api: Api) -> str:
    """The gateway of the empty network; "" if there is none."""
    found = [network for network in api.networks(name=name()) if network["Name"] == name()]
    return str(found[0]["IPAM"]["Config"][0]["Gateway"]) if found else ""


def remove(api: Api) -> None:
    """Take the empty network away. Silent if there is none."""
    if gateway := known(api):
        api.ask("DELETE", f"/networks/{name()}")
        if shutil.which("ip", path=PATH) and os.geteuid() == 0:
            _ip("addr", "del", f"{gateway}/32", "dev", "lo")


def is_here(host: str) -> bool:
    """Whether this host can listen there."""
    with socket.socket() as trial:
        try:
            trial.bind((host, 0))
        except OSError:
            return False
    return True


def own_address() -> str:
    """The address by which this host goes out; "" if it cannot. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(trial.getsockname()[0])


def reached_from(api: Api, image: str, host: str) -> str:
    """Let a throwaway machine knock at a listener of ours there. Return who seemed to knock; "" if nobody came."""
    with _listener(host) as listener:
        if listener is None:
            return ""
        try:
            _knock(api, image, *listener.getsockname())
            listener.settimeout(0.5)
            return str(listener.accept()[1][0])
        except (EngineError, OSError):
            return ""


def blocks(first: int, taken: Sequence[ipaddress.IPv4Network], mine: str = "") -> list[int]:
    """Numbers of all blocks, the best first: without machines, then not another checkout's, then that of my door."""

    def drawback(number: int) -> tuple[bool, bool, bool]:
        is_mine = bool(mine) and ipaddress.IPv4Address(mine) in DOORS[number]
        has_machines, has_door = (any(where[number].overlaps(one) for one in taken) for where in (BLOCKS, DOORS))
        return has_machines, has_door and not is_mine, not is_mine

    return sorted(((first + step) % len(BLOCKS) for step in range(len(BLOCKS))), key=drawback)


def _make(api: Api) -> str:
    """At the first place that is nobody's. An engine refuses what is on it; of others we know by the routes of this host."""
    taken, why = [way.network for way in routed()], EngineError("There is no network left here for the git door.")
    for number in blocks(int(mark()[:2], 16), taken):
        subnet = list(DOORS[number].subnets(new_prefix=28))[int(mark()[2:4], 16)]
        if any(subnet.overlaps(one) for one in taken):
            continue
        try:
            api.json("POST", "/networks/create", _network(subnet))
        except EngineError as refused:
            why = refused
        else:
            return known(api)
    raise why


def _network(subnet: ipaddress.IPv4Network) -> dict[str, Any]:
    return {
        "Name": name(),
        "CheckDuplicate": True,
        "Driver": "bridge",
        "IPAM": {"Driver": "default", "Config": [{"Subnet": str(subnet), "Gateway": str(subnet[1])}]},
        "Options": {"com.docker.network.bridge.name": f"{bridge_prefix()}-door"},
    }


def _add_to_loopback(host: str) -> None:
    """Podman has a bridge only while a machine hangs on it; an address of our own is there before and after."""
    if shutil.which("ip", path=PATH):
        _ip("addr", "add", f"{host}/32", "dev", "lo")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], env={"PATH": PATH}, capture_output=True, check=False)


@contextlib.contextmanager
def _listener(host: str) -> Iterator[socket.socket | None]:
    """At a port that the firewall leaves open; None if there is no such host or port."""
    with contextlib.ExitStack() as stack:
        for port in PORTS:
            with contextlib.suppress(OSError):
                yield stack.enter_context(socket.create_server((host, port)))
                return
        yield None


def _knock(api: Api, image: str, host: str, port: int) -> None:
    """Raises EngineError."""
    wanted = {
        "Image": image,
        "Entrypoint": ["python3", "-c", KNOCK],
        "Cmd": [host, str(port)],
        "HostConfig": {
            "NetworkMode": name(),
            "CapDrop": ["ALL"],
            "Ulimits": limits(),
        },
    }
    made = api.json("POST", "/containers/create", wanted)["Id"]
    try:
        api.json("POST", f"/containers/{made}/start")
        api.json("POST", f"/containers/{made}/wait")
    finally:
        api.ask("DELETE", f"/containers/{made}?force=1&v=1")
