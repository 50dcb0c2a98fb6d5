"""The container engine and the machine image for all tests that need real machines.

    from tests.engine import engine                      # the fixture, in a conftest

An engine that answers is used as it is. One of our own is started where it was set up before, and set up where CI says
that nothing may be skipped. Test machines use a block of networks that the portal does not use, and free ports.
"""

import contextlib
import itertools
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import docker
import pytest

from cli import container_engine
from cli.container_engine import own
from cli.container_engine.routes import is_taken
from cli.machine_image import ensure_image
from provisioning.driver import Identity, MachineSpec, PortSpec, Size
from provisioning.ssh import make_key_pair
from tests.waiting import until

T = TypeVar("T")


@dataclass(frozen=True)
class EnginePlace:
    """The options of a container fabric that works here."""

    docker_host: str
    image: str
    git_door_host: str
    bridge_prefix: str

    def options(self, **changed: str) -> dict[str, Any]:
        """As an admin would give them."""
        return {**asdict(self), **changed}

    def save_image(self, to: Path) -> None:
        """Write the machine image down, for an engine that has none yet."""
        with to.open("wb") as tar:
            tar.writelines(docker.DockerClient(self.docker_host).images.get(self.image).save(named=True))


def ensure_engine() -> EnginePlace:
    """An engine with the machine image. Skips the test where there is none and none may be set up."""
    if not (container_engine.find() or own.was_set_up() or "CI" in os.environ):
        pytest.skip("no container engine answers here; `./fairground up` sets one up for root on Debian")
    engine = container_engine.ensure()
    return EnginePlace(engine.docker_host, ensure_image(engine), engine.git_door_host, container_engine.bridge_prefix())


@pytest.fixture(scope="session")
def engine() -> EnginePlace:
    """A working engine."""
    return ensure_engine()


def free_port() -> int:
    """A loopback port that nobody listens on: below those the kernel hands out, and beside those of the portal."""
    while True:
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port := 12_000 + secrets.randbelow(8_000)))
            return port


_networks = itertools.count(secrets.randbelow(4096))


def free_subnet() -> str:
    """The next of 4096 networks for tests that nobody has. Drawn by chance each time, two of one run would meet now and then."""
    numbers = (number % 4096 for number in _networks)
    subnets = (f"10.212.{number // 16}.{number % 16 * 16}/28" for number in numbers)
    return next(subnet for subnet in subnets if not is_taken(subnet))


def make_spec(owner: str, *, key: str = "", memory_mib: int = 256) -> tuple[MachineSpec, Identity]:
    """A machine with one port, and its keys."""
    host, login = make_key_pair(), make_key_pair()
    spec = MachineSpec(
        key=key or secrets.token_hex(16),
        owner=owner,
        size=Size(memory_mib=memory_mib, cpu=1, disk_mib=1024, processes=128),
        ports=(PortSpec("web", 8000, free_port()),),
        ssh_port=free_port(),
        subnet=free_subnet(),
        authorized_key=login.public,
        host_public_key=host.public,
    )
    return spec, Identity(host_key=host.private, login_key=login.private)


def wait_for(look: Callable[[], T | None], *, patience: float = 20) -> T:
    """Look again and again until there is something to see; return it."""
    return cast("T", until(f"{look} sees something", look, patience))
