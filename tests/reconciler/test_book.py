"""What steps write down, when a worker died between two lines of it."""

from provisioning.models import LogChunk, Machine
from provisioning.phases import Phase
from provisioning.reconciler.book import MachineRows
from provisioning.reconciler.lease import LENGTH, Lease
from tests.makers import launch
from tests.simulation import Simulation

SAID = b"reading packages\nunpacking\ndone\n"


def book(world: Simulation, after: int) -> MachineRows:
    """The book of a pass that begins when so many leases have run out."""
    lease = Lease.claim(Machine, Machine.objects.get().pk, world.at + after * LENGTH)
    assert lease
    return MachineRows(lease)


def told() -> bytes:
    return b"".join(bytes(chunk.data) for chunk in LogChunk.objects.order_by("offset"))


def test_what_a_program_said_is_kept_whole_although_its_reader_died(world: Simulation) -> None:
    world.until_phase(launch(), Phase.BUILDING)
    book(world, 1).log("install-1", 0, SAID[:9])  # and dies before its pass ends
    second = book(world, 2)
    assert second.log_offset("install-1") == 0
    second.log("install-1", 0, SAID)
    assert told() == SAID


def test_what_was_read_twice_is_kept_once(world: Simulation) -> None:
    world.until_phase(launch(), Phase.BUILDING)
    book(world, 1).log("install-1", 0, SAID)
    book(world, 2).log("install-1", 0, SAID[:20])
    assert told() == SAID
