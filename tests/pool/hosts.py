"""Hosts of a pool for tests: containers with a real sshd, cron and apt, reached at addresses of their own network.

They stand for computers that somebody has anyway: the portal is given their addresses, host keys and a login, and no more.
"""

import io
import ipaddress
import secrets
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.models.containers
from docker.types import IPAMConfig, IPAMPool

from provisioning.ssh import KeyPair, make_key_pair
from tests.baking import ensure_baked
from tests.engine import EnginePlace, ensure_engine, free_subnet, wait_for

USER = "keeper"
FILES = Path(__file__).with_name("host")
KNOCK = 0.5
"""Seconds that a door is waited for; an open one answers in a thousandth."""
MORE = f"AllowUsers {USER}\nMaxStartups 100:30:200\n"
FREE = """
nft delete table inet fairground_cut
rm -rf /etc/cron.d/fairground-cut /var/lib/fairground-host/reservation
pkill -f '[h]ttp.server'
true
"""
"""Freed by hand, as an admin would who reinstalls it."""


@dataclass
class Computer:
    """One host."""

    container: docker.models.containers.Container
    address: str
    host: KeyPair
    user: str

    def row(self, **changed: Any) -> dict[str, Any]:
        """As an admin writes it down."""
        told = {
            "address": self.address,
            "user": self.user,
            "host_key": self.host.public,
            "group": "old",
            "memory_mib": 512,
        }
        return {**told, **changed}

    def sh(self, script: str) -> str:
        """Do something on it, as its owner sitting before it would. Fails with what it said."""
        code, said = self.container.exec_run(["sh", "-c", script])
        assert code == 0, said
        return bytes(said).decode()  # type: ignore[arg-type]  # no stream was asked for

    def ours(self) -> str:
        """Every file of ours there, and when it was written."""
        return self.sh("find /opt /var/lib -path '*/fairground*' -printf '%p %T@\\n' | sort")

    def says(self, script: str) -> bool:
        """Whether this is true on it."""
        return bool(self.container.exec_run(["sh", "-c", script])[0] == 0)

    def silence(self) -> None:
        """Its sshd goes, and every line to it."""
        self.sh("sv -w 5 force-stop sshd; pkill -9 sshd || true")

    def freeze(self) -> None:
        """It takes connections, and nobody answers. While it starts a program, an engine cannot do that at once."""
        wait_for(self._is_frozen)

    def _is_frozen(self) -> bool:
        with suppress(docker.errors.APIError):
            self.container.pause()
        self.container.reload()
        return str(self.container.status) == "paused"

    def answer(self) -> None:
        """Its sshd comes back."""
        self.sh("sv start sshd")
        wait_for(self.answers)

    def answers(self) -> bool:
        """Does its sshd take connections?"""
        return self.listens(22)

    def listens(self, port: int) -> bool:
        """Does a program of it take connections on this port?"""
        return self.says(f"grep -q ':{port:04X} .* 0A ' /proc/net/tcp /proc/net/tcp6")

    def lets_in(self, port: int) -> bool:
        """Whether something that listens there is reached from here. It is begun if nothing does."""
        if not self.listens(port):
            self.sh(f"setsid -f python3 -m http.server {port} >/dev/null 2>&1")
            wait_for(lambda: self.listens(port))
        with suppress(OSError), socket.create_connection((self.address, port), KNOCK):
            return True
        return False

    def gets_out(self, address: str, port: int = 22) -> bool:
        """Whether a program of it reaches another computer."""
        return self.says(f"python3 -c 'import socket; socket.create_connection((\"{address}\", {port}), {KNOCK})'")


class Room:
    """A network with computers in it."""

    def __init__(self, place: EnginePlace) -> None:
        self.place = place
        self.mark = f"fgpool-{secrets.token_hex(4)}"
        self.engine = docker.DockerClient(place.docker_host)
        self.login = make_key_pair()
        self.computers: list[Computer] = []
        subnet = ipaddress.ip_network(
            next(net for net in iter(free_subnet, "") if net.endswith(".0/28"))
        )  # has 1 and 10
        self.addresses = [str(address) for address in subnet.hosts()]
        pool = IPAMPool(subnet=str(subnet), gateway=self.addresses[-1])
        bridge = {"com.docker.network.bridge.name": f"{place.bridge_prefix}{self.mark[-8:]}"[:15]}
        self.network = self.engine.networks.create(self.mark, ipam=IPAMConfig(pool_configs=[pool]), options=bridge)
        self.image = ensure_baked(self.engine, place.image, self.network, FILES, "pool")

    def add(self, number: int, *, user: str = "root", host: KeyPair | None = None) -> Computer:
        """One more, at the address with this number; with this host key, or one of its own."""
        address, host = self.addresses[number - 1], host or make_key_pair()
        api = self.engine.api
        endpoint = {self.mark: api.create_endpoint_config(ipv4_address=address)}
        config = api.create_networking_config(endpoint)  # type: ignore[arg-type]  # the stubs know no names
        own_rules = api.create_host_config(cap_add=["NET_ADMIN"])
        name = f"{self.mark}-{number}"
        made = api.create_container(self.image, name=name, networking_config=config, host_config=own_rules)
        container = self.engine.containers.get(made["Id"])
        container.put_archive("/", self.keys(host, user))
        container.start()
        computer = Computer(container, address, host, user)
        if user != "root":
            computer.sh(f"useradd -m {user} && install -d -o {user} -m 700 /home/{user}/.ssh")
            computer.sh(f"install -o {user} -m 600 /root/.ssh/authorized_keys /home/{user}/.ssh/")
            computer.sh(f"echo '{user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{user}")
        self.computers.append(computer)
        wait_for(computer.answers)
        return computer

    def keys(self, host: KeyPair, user: str) -> bytes:
        """Its own key, and whom it lets in."""
        files = {
            "root/.ssh/authorized_keys": self.login.public + "\n",
            "etc/ssh/ssh_host_ed25519_key": host.private.reveal,
            "etc/ssh/ssh_host_ed25519_key.pub": host.public + "\n",
            "etc/ssh/sshd_config.d/a-pool.conf": MORE if user != "root" else MORE.replace(USER, "root"),
        }
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.mode, entry.size = 0o600, len(content)
                tar.addfile(entry, io.BytesIO(content.encode()))
        return out.getvalue()

    def options(self, *rows: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """A place with these hosts, or with all."""
        hosts = list(rows) or [computer.row() for computer in self.computers]
        return {"hosts": hosts, "groups": "old", "login_key": self.login.private.reveal, **changed}

    def end(self) -> None:
        """Nothing of it is left on the engine."""
        for computer in self.computers:
            computer.container.remove(force=True, v=True)
        self.network.remove()
        self.engine.close()


@contextmanager
def open_room(*numbers: int, user: str = "root") -> Iterator[Room]:
    """A room with computers at these addresses."""
    room = Room(ensure_engine())
    try:
        for number in numbers:
            room.add(number, user=user)
        yield room
    finally:
        room.end()
