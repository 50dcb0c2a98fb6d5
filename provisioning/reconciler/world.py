"""The outside as one pass sees it: drivers, front door, prober, vault."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from django.conf import settings

from provisioning import fabrics, ssh
from provisioning.driver import Driver, Endpoint, Identity, MachineSpec, OwnWire, Secret, Sighting
from provisioning.front_door import open_front_door, open_prober
from provisioning.models import Fabric, Machine
from provisioning.step import FrontDoor, Prober, Remote, Vault
from provisioning.vault import Bucket, open_vault


@dataclass(frozen=True)
class World:
    """Everything a pass may touch that is not a row."""

    driver: Callable[[Fabric], Driver]
    front_door: FrontDoor
    prober: Prober
    vault: Vault
    door: Endpoint
    """Where the front door listens, for asking a page at its public address."""

    def remote(
        self, machine: Machine, spec: MachineSpec, identity: Identity, sighting: Sighting | None
    ) -> Remote | None:
        """The wire to a machine; None while nobody knows where it is, or how to know it."""
        driver = self.driver(machine.fabric)
        if _has_own_wire(type(driver)):
            remote: Remote = cast("OwnWire", driver).remote(spec.key)
            return remote
        if sighting is None or sighting.ssh is None or sighting.denies(machine.enrolled_key):
            return None
        ours = spec.host_public_key if driver.capabilities.takes_host_key else ""
        if not (known := machine.enrolled_key or sighting.host_key or ours):
            return None
        return ssh.SshRemote(ssh.Login(sighting.ssh, known, identity.login_key, sighting.user))


@lru_cache
def _has_own_wire(driver: type[Driver]) -> bool:
    return issubclass(driver, OwnWire)  # typing looks through all its members each time


@lru_cache(maxsize=64)
def _driver(kind: str, options: str, owner: str) -> Driver:
    return fabrics.open_driver(kind, options, owner)


def driver_of(fabric: Fabric) -> Driver:
    """The driver of a configured place; one per process and set of options, because connections are kept."""
    return _driver(fabric.kind, fabrics.frozen_options({**fabric.options, **fabric.secrets}), settings.PORTAL_ID)


def the_vault() -> Vault:
    """Where copies are kept, as the settings say."""
    given = settings.COPIES_BUCKET
    return open_vault(settings.ARCHIVES, Bucket(**given | {"key": Secret(given["key"])}) if given else None)


@lru_cache(maxsize=1)
def the_world() -> World:
    """The world as the settings describe it."""
    host, _, port = settings.FRONT_DOOR_LISTEN.rpartition(":")
    return World(
        driver=driver_of,
        front_door=open_front_door(settings.FRONT_DOOR, settings.CADDY_ADMIN),
        prober=open_prober(settings.FRONT_DOOR, settings.APPS_SCHEME),
        vault=the_vault(),
        door=Endpoint(host, int(port)),
    )
