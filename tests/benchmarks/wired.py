"""A place's real driver, whose machines are reached as those of the memory place are: what runs on them is not tried here."""

from dataclasses import dataclass, field, replace

from provisioning.driver import Driver, Endpoint, Identity, MachineSpec, RollCall, Seen, Sighting
from provisioning.fabrics.memory import Place
from provisioning.fabrics.memory.place import Ghost
from provisioning.fabrics.memory.remote import MemoryRemote
from provisioning.step import Remote


@dataclass
class Wired:
    """Implements `provisioning.driver.Driver` and `OwnWire` by another driver and a place in memory."""

    driver: Driver
    most: float = 20.0
    """Seconds that a call may take; less while the place is known not to answer."""
    specs: dict[str, MachineSpec] = field(default_factory=dict)
    """All that were ever asked for, by key."""
    shadow: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        self.capabilities = self.driver.capabilities
        self.settling = self.driver.settling

    def ensure(self, spec: MachineSpec, identity: Identity, *, within: float) -> Sighting:
        self.specs[spec.key] = spec
        return self._shadowed(spec.key, self.driver.ensure(spec, identity, within=min(within, self.most)))

    def see(self, key: str, *, within: float) -> Sighting:
        return self._shadowed(key, self.driver.see(key, within=min(within, self.most)))

    def remove(self, key: str, *, within: float) -> Sighting:
        sighting = self.driver.remove(key, within=min(within, self.most))
        if sighting.seen.is_lost:
            self.shadow.machines.pop(key, None)
        return sighting

    def roll_call(self, *, within: float) -> RollCall:
        return self.driver.roll_call(within=min(within, self.most))

    def remote(self, key: str) -> Remote:
        return MemoryRemote(self.shadow, key)

    def _shadowed(self, key: str, sighting: Sighting) -> Sighting:
        if sighting.seen is Seen.RUNNING:
            ghost = self.shadow.machines.setdefault(key, Ghost(self.specs[key], self.specs[key].owner))
            ghost.reboot += ghost.seen is Seen.STOPPED
            ghost.seen = Seen.RUNNING
        elif sighting.seen is Seen.STOPPED and key in self.shadow.machines:
            self.shadow.kill(key)
        here = {name: Endpoint("memory", endpoint.port) for name, endpoint in sighting.ports.items()}
        return replace(sighting, ports=here)
