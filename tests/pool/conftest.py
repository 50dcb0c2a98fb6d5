"""Two hosts for all tests, where a user who is not root logs in, and the driver of a portal that uses them."""

import secrets
from collections.abc import Iterator

import pytest

from provisioning.driver import Identity, MachineSpec, Seen, Sighting
from provisioning.fabrics.pool import PoolDriver
from provisioning.fabrics.pool.options import read
from provisioning.ssh.pool import Pool
from tests.engine import make_spec, wait_for
from tests.pool.hosts import FREE, USER, Computer, Room, open_room

WITHIN = 20.0
ONE, TEN = 0, 1  # in the room's list; the address of the one begins the address of the other


@pytest.fixture(scope="session")
def hosts_of_all() -> Iterator[Room]:
    """Made once."""
    with open_room(1, 10, user=USER) as room:
        yield room


@pytest.fixture
def room(hosts_of_all: Room) -> Iterator[Room]:
    """They answer, and are free; a test that leaves them otherwise says so by failing the next."""
    yield hosts_of_all
    for computer in hosts_of_all.computers:
        computer.sh(f"sv start sshd; pkill -9 -f '[h]ost-work'; {FREE}")


@pytest.fixture
def portal(room: Room) -> "Portal":
    """A portal that uses both."""
    return Portal(room)


class Portal:
    """One portal as far as a pool knows it; each has connections of its own."""

    def __init__(self, room: Room, owner: str = "", **options: object) -> None:
        self.owner = owner or secrets.token_hex(16)
        self.driver = PoolDriver(read(room.options(**options)), self.owner, Pool())

    def spec(self, memory_mib: int = 256) -> tuple[MachineSpec, Identity]:
        """A machine of its own."""
        return make_spec(self.owner, memory_mib=memory_mib)

    def launch(self) -> MachineSpec:
        """One that runs."""
        spec, identity = self.spec()
        self.driver.ensure(spec, identity, within=WITHIN)
        wait_for(lambda: self.see(spec).seen is Seen.RUNNING)
        return spec

    def see(self, spec: MachineSpec) -> Sighting:
        """Look."""
        return self.driver.see(spec.key, within=WITHIN)

    def end(self, spec: MachineSpec) -> None:
        """Ask for its end until it is gone."""
        wait_for(lambda: self.driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT, patience=60)

    def states(self) -> dict[str, str]:
        """What its hosts are doing, by their names."""
        return {host.name: str(host.state) for host in self.driver.hosts(within=WITHIN)}


def computer_of(room: Room, seen: Sighting) -> Computer:
    """Where a machine is."""
    return next(computer for computer in room.computers if computer.address == seen.place_id)
