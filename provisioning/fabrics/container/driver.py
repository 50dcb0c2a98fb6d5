"""The four verbs on a container engine.

A machine is a container and a network of the same name. Labels are all the memory: whose it is, its key, its ports.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from docker.errors import APIError, NotFound

from cli.container_engine.routes import is_taken
from provisioning.driver import ABSENT, Capabilities, Endpoint, Finding, Identity, MachineSpec, RollCall, Seen, Sighting
from provisioning.driver import marked as _
from provisioning.errors import Blame, GiveUp, Stop, TryAgain
from provisioning.fabrics.container import request
from provisioning.fabrics.container.check import findings
from provisioning.fabrics.container.engine import Engine, opened
from provisioning.fabrics.container.errors import is_duplicate
from provisioning.fabrics.container.options import Options

_SEEN = {"running": Seen.RUNNING, "restarting": Seen.STARTING}
"""Every other state is one that `ensure` has to end: created, paused, exited, dead, being removed."""


LINES, MOST = 1000, 64 << 10
"""Of what a container has printed: lines, and bytes."""


class ContainerDriver:
    """One engine."""

    capabilities = Capabilities(enforces_memory=True, enforces_disk=False, absent_twice=False, survives_reboot=True)
    settling = timedelta(seconds=30)
    """A request whose reply was lost may still be at work on the far side; nothing of ours takes the engine as long."""

    def __init__(self, options: Options, owner: str) -> None:
        self.options = options
        self.owner = owner
        self._version = "auto"
        self._limit_tasks = False

    def ensure(self, spec: MachineSpec, identity: Identity, *, within: float) -> Sighting:
        """Make what is missing, put the keys into what never ran, start what does not run."""
        with self._engine(within) as engine:
            found = engine.container(request.name(spec.key)) or self._create(engine, spec)
            self._must_be_ours(found, spec.key)
            match found["State"]["Status"]:
                case "running" | "restarting":
                    self._join(engine, spec, found)
                case "paused":
                    engine.api.unpause(found["Id"])
                case "created":
                    engine.api.put_archive(found["Id"], "/", request.keys(spec, identity))
                    self._start(engine, spec, found)
                case _:
                    self._start(engine, spec, found)
            return self._look(engine, spec.key)

    def see(self, key: str, *, within: float) -> Sighting:
        """Say what is there. Only when container and network are gone, it is absent."""
        with self._engine(within) as engine:
            return self._look(engine, key)

    def remove(self, key: str, *, within: float) -> Sighting:
        """Kill and remove the container with its data, then its network."""
        with self._engine(within) as engine:
            name = request.name(key)
            found = engine.container(name)
            if found and self._is_ours(found["Config"]["Labels"]):
                _silently(engine.api.remove_container, found["Id"], v=True, force=True)
            for network in self._our_networks(engine, name):
                _silently(engine.api.remove_network, network["Id"])
            return self._look(engine, key)

    def cut(self, key: str, *, within: float) -> None:
        """Take the container off its network; what runs in it runs on."""
        with self._engine(within) as engine:
            found = engine.container(request.name(key))
            if found and self._is_ours(found["Config"]["Labels"]):
                for network in found["NetworkSettings"]["Networks"]:
                    _silently(engine.api.disconnect_container_from_network, found["Id"], network, force=True)

    def console(self, key: str, *, within: float) -> bytes:
        """Read the end of what the container has printed."""
        with self._engine(within) as engine:
            found = engine.container(request.name(key))
            if not found or not self._is_ours(found["Config"]["Labels"]):
                return b""
            return bytes(engine.api.logs(found["Id"], tail=LINES))[-MOST:]

    def roll_call(self, *, within: float) -> RollCall:
        """Everything that carries our label, networks without a container too."""
        with self._engine(within) as engine:
            ours = {"label": f"{request.OWNER}={self.owner}"}
            machines = _keys(engine.api.containers(all=True, filters=ours))
            networks = _keys(engine.api.networks(filters=ours))
            return RollCall(True, machines | networks, networks - machines)

    def check(self, *, within: float) -> Sequence[Finding]:
        """Ask the engine for itself and for the image; one that does not answer is a finding."""
        try:
            with self._engine(within) as engine:
                return list(findings(engine, self.options))
        except Stop as stop:
            why = _("The engine does not answer: %(why)s. Is it running, and may the portal's user reach it?")
            return [Finding(self.options.docker_host, False, why, {"why": stop.params.get("why") or stop.code})]

    @contextmanager
    def _engine(self, within: float) -> Iterator[Engine]:
        with opened(self.options.docker_host, self._version, within) as engine:
            if self._version == "auto":
                about = engine.api.version()
                parts = [part.get("Name", "") for part in about.get("Components") or []]
                self._limit_tasks = any("Podman" in part for part in parts)
                if self._limit_tasks and _limits_nothing(engine.api.info()):
                    self.capabilities = replace(self.capabilities, enforces_memory=False)
                self._version = str(engine.api.api_version)  # what "auto" has found
            yield engine

    def _create(self, engine: Engine, spec: MachineSpec) -> dict[str, Any]:
        wanted = request.container(spec, self.options, self.owner, limit_tasks=self._limit_tasks)
        request.assert_harmless(wanted, self.options)
        self._network(engine, spec)
        try:
            engine.api.create_container_from_config(wanted, request.name(spec.key))  # type: ignore[no-untyped-call]
        except APIError as error:
            if not is_duplicate(error):
                raise
        return dict(engine.api.inspect_container(request.name(spec.key)))

    def _network(self, engine: Engine, spec: MachineSpec) -> dict[str, Any]:
        """The machine's network; made if it is not there."""
        name = request.name(spec.key)
        if not self._our_networks(engine, name):
            if spec.subnet and is_taken(spec.subnet):
                raise TryAgain("subnet-in-use", blame=Blame.FABRIC, detail=spec.subnet)
            try:
                engine.api.create_network(**request.network(spec, self.options, self.owner))
            except APIError as error:
                if not is_duplicate(error):
                    raise
        if not (networks := self._our_networks(engine, name)):
            raise GiveUp("machine-is-not-ours", blame=Blame.FABRIC, key=spec.key)
        return networks[0]

    def _start(self, engine: Engine, spec: MachineSpec, found: dict[str, Any]) -> None:
        self._join(engine, spec, found)
        engine.api.start(found["Id"])

    def _join(self, engine: Engine, spec: MachineSpec, found: dict[str, Any]) -> None:
        """Put it on its network: it was cut off, or that was removed and made again (`docker network prune` does)."""
        network = self._network(engine, spec)
        joined = found["NetworkSettings"]["Networks"].get(network["Name"])
        if joined is not None and joined.get("NetworkID") in {"", None, network["Id"]}:
            return
        if joined is not None:
            _silently(engine.api.disconnect_container_from_network, found["Id"], network["Name"], force=True)
        engine.api.connect_container_to_network(found["Id"], network["Id"])

    def _look(self, engine: Engine, key: str) -> Sighting:
        name = request.name(key)
        found = engine.container(name)
        if found and self._is_ours(found["Config"]["Labels"]):
            return self._sighting(found)
        if self._our_networks(engine, name):
            return Sighting(Seen.REMAINS, detail="only its network is left")
        return ABSENT

    def _sighting(self, found: dict[str, Any]) -> Sighting:
        state, frozen = found["State"], json.loads(found["Config"]["Labels"][request.FROZEN])
        address = self.options.address
        return Sighting(
            seen=_SEEN.get(state["Status"], Seen.STOPPED),
            place_id=found["Id"][:12],
            ssh=Endpoint(address, frozen["ssh"]),
            ports={name: Endpoint(address, outer) for name, outer in frozen["ports"].items()},
            portal_host=self.options.git_door_host,
            on_network=bool(found["NetworkSettings"]["Networks"]),
            detail=f"{state['Status']}, exit {state.get('ExitCode')}, out of memory: {state.get('OOMKilled')}",
        )

    def _our_networks(self, engine: Engine, name: str) -> list[dict[str, Any]]:
        return [network for network in engine.networks(name) if self._is_ours(network.get("Labels"))]

    def _is_ours(self, labels: dict[str, str] | None) -> bool:
        return (labels or {}).get(request.OWNER) == self.owner

    def _must_be_ours(self, found: dict[str, Any], key: str) -> None:
        if not self._is_ours(found["Config"]["Labels"]):
            raise GiveUp("machine-is-not-ours", blame=Blame.FABRIC, key=key)


def _keys(things: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(thing["Labels"][request.KEY] for thing in things if request.KEY in thing["Labels"])


def _limits_nothing(about: dict[str, Any]) -> bool:
    """Podman without rights on cgroups v1: takes limits of memory, cpu and tasks, ignores them, and says so in its log."""
    return bool(about.get("Rootless")) and str(about.get("CgroupVersion")) == "1"


def _silently(verb: Any, *words: Any, **named: Any) -> None:
    """Do it; that it is done already, or that somebody is just doing it, is no error."""
    try:
        verb(*words, **named)
    except NotFound:
        pass
    except APIError as error:
        if error.status_code not in {403, 409}:  # still in use, or being removed: the next look tells
            raise
