"""The rig of container engines: the engine itself behind a lossy proxy, and a second client that bypasses it."""

import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import docker
import pytest

from provisioning.driver import Identity, MachineSpec
from provisioning.fabrics.container import open_driver
from provisioning.fabrics.container.request import KEY, OWNER, labels, name
from tests.conformance.lossy import Loss, LossyProxy
from tests.engine import EnginePlace, ensure_engine, make_spec

MARKS = [pytest.mark.engine]


class ContainerRig:
    """See `tests.conformance.rig.Rig`."""

    effects_of_ensure = 4  # network, container, keys, start
    effects_of_remove = 2  # container, network
    holds = 4
    patience = 20.0

    def __init__(self, place: EnginePlace, proxy: LossyProxy) -> None:
        self.owner = secrets.token_hex(16)
        self.place = place
        self.proxy = proxy
        self.driver = open_driver(place.options(docker_host=f"unix://{proxy.path}"), self.owner)
        self.engine = docker.DockerClient(place.docker_host)

    def spec(self) -> tuple[MachineSpec, Identity]:
        return make_spec(self.owner)

    def machines(self, key: str) -> int:
        return len(self.engine.containers.list(all=True, ignore_removed=True, filters={"label": f"{KEY}={key}"}))

    def reaches(self, spec: MachineSpec) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", spec.ssh_port), 2) as line:
                line.settimeout(2)
                return line.recv(4) == b"SSH-"
        except OSError:
            return False

    def stop(self, key: str) -> None:
        self.engine.containers.get(name(key)).stop(timeout=0)  # one that does not run yet, or no more, is stopped too

    def destroy(self, key: str) -> None:
        self.engine.containers.get(name(key)).remove(force=True, v=True)
        self.engine.networks.get(name(key)).remove()

    def plant_foreign(self, key: str) -> None:
        self.engine.containers.create(self.place.image, name=name(key), labels=labels("f" * 32, key))

    def lose_reply(self, nth: int) -> None:
        self.proxy.lose(Loss.REPLY, nth)

    def lose_request(self, nth: int) -> None:
        self.proxy.lose(Loss.REQUEST, nth)

    def paused(self) -> AbstractContextManager[None]:
        return self.proxy.paused()

    def away(self) -> AbstractContextManager[None]:
        return self.proxy.away()

    def further_faults(self) -> Mapping[str, Callable[[], None]]:
        return {}

    def calm(self) -> None:
        self.proxy.lose(Loss.NONE, 0)

    def survives_memory(self, key: str, mib: int) -> bool:
        code, _ = self.engine.containers.get(name(key)).exec_run(["python3", "-c", f"bytearray({mib} << 20)"])
        return code == 0

    def clear(self) -> None:
        """Leave nothing of this rig on the engine."""
        self.proxy.lose(Loss.NONE, 0)
        for owner in (self.owner, "f" * 32):
            ours: dict[str, str | list[str] | bool] = {"label": f"{OWNER}={owner}"}
            for container in self.engine.containers.list(all=True, ignore_removed=True, filters=ours):
                container.remove(force=True, v=True)
            for network in self.engine.networks.list(filters=ours):
                network.remove()


@contextmanager
def open_rig() -> Iterator[ContainerRig]:
    """A rig on the engine of this machine."""
    place = ensure_engine()
    with tempfile.TemporaryDirectory(prefix="fg") as folder:
        rig = ContainerRig(place, LossyProxy(Path(folder) / "engine.sock", place.docker_host.removeprefix("unix://")))
        try:
            yield rig
        finally:
            rig.clear()
            rig.proxy.close()
            rig.engine.close()
