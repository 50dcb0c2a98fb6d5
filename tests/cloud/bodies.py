"""The bodies of the stand-in cloud's instances: a container for each, that boots as Debian's cloud image does.

    with Bodies(stand_in.back, place, stand_in.consoles) as bodies: …

They follow what the API says: an instance that runs has a container that runs, under the instance's private address; one
that is stopped has a container that is; one that is gone has none. Each runs the user-data it was given by Debian's own
cloud-init, makes its own host keys, and writes to a console. Not like a cloud: no kernel of its own, no metadata address.
"""

import base64
import io
import ipaddress
import logging
import secrets
import tarfile
import threading
import time
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Self

import docker
from botocore.exceptions import BotoCoreError, ClientError
from docker.models.containers import Container
from docker.types import EndpointConfig, IPAMConfig, IPAMPool, LogConfig, Ulimit

from cli.container_engine.api import limits
from cli.container_engine.routes import is_taken
from tests.baking import ensure_baked
from tests.engine import EnginePlace

NETWORKS = tuple(ipaddress.IPv4Network("10.215.0.0/16").subnets(new_prefix=24))
STAND_IN = "fairground.stand-in"
FILES = Path(__file__).with_name("instance")
EVERY = 1.0
"""Seconds between two looks at the API."""
SEED = "var/lib/cloud/seed/nocloud"
"""Where cloud-init finds what a cloud's metadata address would tell it."""
LIVES, STOPPED, GONE = {"running"}, {"stopping", "stopped"}, {"shutting-down", "terminated"}
log = logging.getLogger(__name__)
AWAY = (docker.errors.APIError, docker.errors.DockerException, ClientError, BotoCoreError)


class Bodies:
    """All bodies of one stand-in. `name` marks them, so that the next of this name clears away what a killed one left."""

    def __init__(self, api: Any, place: EnginePlace, consoles: MutableMapping[str, str], name: str = "") -> None:
        self.api = api
        self.consoles = consoles
        self.name = name or secrets.token_hex(8)
        self.answers_ssh = True
        """False: instances that start from now on boot, and nobody can ever log in to them."""
        self.engine = docker.DockerClient(place.docker_host, timeout=60)
        self.clear()
        self._network(place)
        self.image = ensure_baked(self.engine, place.image, self.network, FILES, "cloud")
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self.clear()
        self.engine.close()

    def clear(self) -> None:
        """Leave nothing of this name on the engine."""
        for container in self.containers():
            container.remove(force=True, v=True)
        for network in self.engine.networks.list(filters={"label": f"{STAND_IN}={self.name}"}):
            network.remove()

    def containers(self) -> list[Container]:
        """The bodies that there are, whatever state they are in."""
        return self.engine.containers.list(all=True, ignore_removed=True, filters={"label": f"{STAND_IN}={self.name}"})

    def body(self, instance: str) -> Container:
        """The body of an instance, for a look inside."""
        return self.engine.containers.get(f"stand-in-{instance}")

    def inside(self, instance: str, *words: str) -> str:
        """Run something in the body of an instance, and return its output."""
        code, out = self.body(instance).exec_run(list(words))
        assert code == 0, out
        return b"".join([out] if isinstance(out, bytes) else out).decode()

    # --- following ------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        while not self._over.wait(EVERY):
            try:
                self.look()
            except AWAY as error:
                log.warning("the bodies could not be looked at, and will be again: %s", error)

    def look(self) -> None:
        """Make every body what the API says of its instance."""
        known = {str(one.name).removeprefix("stand-in-"): one for one in self.containers()}
        for instance in self._instances():
            self._one(instance, instance["State"]["Name"], known.get(instance["InstanceId"]))

    def _instances(self) -> Iterator[dict[str, Any]]:
        for page in self.api.get_paginator("describe_instances").paginate():
            for reservation in page["Reservations"]:
                yield from reservation["Instances"]

    def _one(self, instance: dict[str, Any], state: str, body: Container | None) -> None:
        if body is None and state in LIVES:
            body = self._make(instance)
            body.start()
        elif body is not None and state in LIVES and body.status in {"created", "exited"}:
            body.start()
        elif body is not None and state in STOPPED and body.status == "running":
            body.stop(timeout=5)
        if body is not None:
            self.consoles[instance["InstanceId"]] = body.logs(tail=2000).decode(errors="replace")
        if body is not None and state in GONE:
            body.remove(force=True, v=True)

    # --- making ---------------------------------------------------------------------------------------------------------

    def _network(self, place: EnginePlace) -> None:
        """One for all instances, fenced in as machines are; drawn until it is nobody else's."""
        drawn = secrets.SystemRandom().sample(NETWORKS, len(NETWORKS))
        for subnet in (network for network in drawn if not is_taken(str(network))):
            try:
                self.network = self.engine.networks.create(
                    f"stand-in-{self.name}", driver="bridge", labels={STAND_IN: self.name},
                    ipam=IPAMConfig(pool_configs=[IPAMPool(str(subnet), gateway=str(subnet[-2]))]),
                    options={"com.docker.network.bridge.name": f"{place.bridge_prefix}{secrets.token_hex(4)}"[:15]},
                )  # fmt: skip
            except docker.errors.APIError:
                continue
            self.subnet, self.gateway = subnet, subnet[-2]
            return
        raise AssertionError("there is no network left for a stand-in cloud")

    def _make(self, instance: dict[str, Any]) -> Container:
        name = f"stand-in-{instance['InstanceId']}"
        address = EndpointConfig(self.engine.api.api_version, ipv4_address=instance["PrivateIpAddress"])
        made = self.engine.containers.create(
            self.image, name=name, hostname=instance["InstanceId"], labels={STAND_IN: self.name},
            network=f"stand-in-{self.name}", networking_config={f"stand-in-{self.name}": address},
            environment={} if self.answers_ssh else {"STAND_IN_SSHD": "no"},
            ulimits=[Ulimit(name=one["Name"], soft=one["Soft"], hard=one["Hard"]) for one in limits()],
            log_config=LogConfig(type="json-file", config={"max-size": "1m"}),
        )  # fmt: skip
        made.put_archive("/", self._seed(instance))
        return made

    def _seed(self, instance: dict[str, Any]) -> bytes:
        """What cloud-init reads at the first boot: who this is, whom to let in, what to do."""
        told = {"InstanceId": instance["InstanceId"], "Attribute": "userData"}
        given = self.api.describe_instance_attribute(**told).get("UserData", {}).get("Value", "")
        lines = [f"instance-id: {instance['InstanceId']}", f"local-hostname: {instance['InstanceId']}"]
        if instance.get("KeyName"):
            pairs = self.api.describe_key_pairs(KeyNames=[instance["KeyName"]], IncludePublicKey=True)["KeyPairs"]
            lines += ["public-keys:", *(f"  - {pair['PublicKey'].strip()}" for pair in pairs if pair.get("PublicKey"))]
        return _packed({"meta-data": "\n".join(lines).encode() + b"\n", "user-data": base64.b64decode(given)})


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{SEED}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
