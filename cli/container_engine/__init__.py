"""The container engine that machines run on: one that is there already, else one of our own. Stdlib only.

    engine = container_engine.ensure(print)      # changes the system as `plan()` says
    engine.docker_host, engine.git_door_host

`ensure` is safe to call at any time, also beside itself: it finds what runs, repairs what does not, and writes the
firewall rules again.
"""

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from cli import claims, env_file
from cli.container_engine import firewall, git_door, own, traces
from cli.container_engine.api import Api, EngineError
from cli.container_engine.apt import apt_install
from cli.container_engine.firewall import bridge_prefix
from cli.home import mark

__all__ = [
    "GIT_DOOR_PORT",
    "Engine",
    "EngineError",
    "apt_install",
    "bridge_prefix",
    "ensure",
    "find",
    "of_our_machines",
    "plan",
    "remove",
    "stop",
    "try_door",
    "where_machines_live",
]

GIT_DOOR_PORT = git_door.PORT
"""Where the portal's git door listens for machines, on `Engine.git_door_host`."""


@dataclass(frozen=True)
class Engine:
    """A container engine that answers."""

    docker_host: str  # "unix:///run/…/engine.sock"
    is_ours: bool
    is_fenced: bool = False  # our firewall rules stand: machines reach the open internet and the git door only
    git_door_host: str = ""  # an address of this host that machines reach; "" = there is none
    is_door_for_us_alone: bool = False  # others reach it, too: the door asks who comes

    @property
    def api(self) -> Api:
        """Its HTTP interface."""
        return Api(self.docker_host)


def find() -> Engine | None:
    """Find an engine that answers. Changes nothing. Where our own was ever set up, it is that one or none."""
    if own.was_set_up():
        return _known(own.docker_host(), is_ours=True)
    return next((found for place in _places() if (found := _known(place, is_ours=False))), None)


def of_our_machines() -> Engine | None:
    """The engine that this portal's machines live on, whatever is named today; None if it does not answer."""
    kept = where_machines_live()
    return _known(kept, is_ours=False) if kept else find()


def where_machines_live() -> str:
    """The address of the engine that `up` settled on, as long as it is not one of our own; empty before."""
    kept = env_file.read().get("DOCKER_HOST", "")
    return "" if own.was_set_up() or kept == own.docker_host() else kept


def plan() -> list[str]:
    """Tell what `ensure` would change on this system, in sentences; empty if nothing."""
    fence = f"Add firewall chains FAIRGROUND-{mark()}-…, for traffic of machines only, and switch on IPv4 forwarding."
    if find():
        return [fence] if firewall.can_be_set() and not firewall.stands() else []
    if os.geteuid() != 0:
        return ["Nothing can be changed: no container engine answers, and only root can set one up."]
    steps = [] if own.is_installed() else [f"Install the Debian packages {' and '.join(own.PACKAGES)}."]
    return [
        *steps,
        f"Start a container engine of Fairground's own; its data lies in {own.folder()}, its log too.",
        "Let the engine add a user `dockremap` with a range of user ids, so that root in a machine is nobody outside.",
        fence,
    ]


def ensure(say: Callable[[str], None] = print, *, git_door_port: int = GIT_DOOR_PORT) -> Engine:
    """Make sure that an engine answers and that machines are fenced in. Raises EngineError with what to do."""
    engine = find()
    if engine is None or engine.is_ours:
        if os.geteuid() != 0 or sys.platform != "linux":
            raise EngineError(
                "No container engine answers. Start Docker or Podman (`docker info` must work for you) and try again; "
                "on Debian or Ubuntu, root may also run this command, which then sets up an engine of its own."
            )
        own.start(say)
        engine = Engine(own.docker_host(), is_ours=True)
    claims.await_claim("door")
    try:
        door = git_door.address(engine.api)
    finally:
        claims.let_go("door")
    if fenced := firewall.can_be_set():
        firewall.put_up(firewall.Door(door, git_door_port) if door else None, for_podman=engine.api.is_podman())
    else:
        say("Machines are not fenced in: only root can write firewall rules. Launch apps that you trust.")
    if engine.api.limits_nothing():
        say("Machines are not limited in memory, processor and tasks: without root, Podman needs cgroups v2 for that.")
    return Engine(engine.docker_host, engine.is_ours, fenced, door)


def try_door(engine: Engine, image: str, say: Callable[[str], None] = print) -> Engine:
    """Find out whether a machine reaches the git door, and if not, whether it would at this host's own address."""
    if engine.is_ours:
        return engine  # its rules let machines in
    if engine.git_door_host and git_door.reached_from(engine.api, image, engine.git_door_host):
        return engine
    here = git_door.own_address()
    if here and git_door.reached_from(engine.api, image, here) == here:
        return replace(engine, git_door_host=here, is_door_for_us_alone=True)
    say("Machines do not reach this computer: they fetch apps and content straight from where these are published.")
    return replace(engine, git_door_host="")


def stop() -> None:
    """End an engine of our own; its machines live on. An engine that is not ours is left alone."""
    own.stop()


def remove() -> str:
    """Take away door and rules of this checkout, and an engine of our own with its data. Return what stays, and why.

    Machines are to be gone already. What somebody else still uses stays: a second portal of this checkout, or machines
    of another checkout on our engine. Raises EngineError.
    """
    if own.was_set_up() and find() is None:
        own.start(lambda _: None)
    engine = find()
    if engine and (others := _others(engine)):
        return f"Engine, networks and firewall rules stay: {others}."
    if engine:
        git_door.remove(engine.api)
    if firewall.can_be_set():
        firewall.take_down()
    if engine and engine.is_ours and engine.api.containers():
        return "The container engine stays: containers that are not this portal's are on it. Remove those first."
    if own.was_set_up():
        own.stop()
        traces.take_away()
        own.delete()
    return ""


def _others(engine: Engine) -> str:
    """Who of this checkout, beside the portal that is being removed, still needs the engine; empty if nobody."""
    bridges = [
        network.get("Options", {}).get("com.docker.network.bridge.name", "") for network in engine.api.networks()
    ]
    if machines := [name for name in bridges if name.startswith(bridge_prefix()) and not name.endswith("-door")]:
        return f"another portal of this checkout has {len(machines)} machines on it"
    door = git_door.known(engine.api)
    for port in git_door.PORTS if door else ():
        with socket.socket() as trial:
            trial.settimeout(1)
            if trial.connect_ex((door, port)) == 0:
                return "another portal of this checkout runs"
    return ""


def _known(docker_host: str, *, is_ours: bool) -> Engine | None:
    engine = Engine(docker_host, is_ours)
    return engine if engine.api.answers() else None


def _places() -> list[str]:
    """Where an engine may listen, best first."""
    if chosen := os.environ.get("DOCKER_HOST"):
        return [chosen]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "/run/user/nobody")
    usual = ["/var/run/docker.sock", f"{runtime}/podman/podman.sock", "/run/podman/podman.sock"]
    checkouts = f"/run/fairground-{mark()}/engine.sock"  # an installation apart uses the engine of its checkout
    kept = where_machines_live()
    return [*([kept] if kept else []), *(f"unix://{path}" for path in [*usual, checkouts])]
