"""Machines that make their own host key: nobody goes in before it is known, and never where two are told."""

from dataclasses import dataclass, replace

import pytest

from provisioning.driver import Capabilities, Endpoint, Seen, Sighting
from provisioning.enrolment import enrol, word_for
from provisioning.fabrics.memory import MemoryDriver
from provisioning.models import Deployment, Machine
from provisioning.phases import Phase
from provisioning.reconciler.jobs import machine_job
from provisioning.reconciler.lease import Lease
from provisioning.ssh import SshRemote, make_key_pair
from tests.makers import launch, make_event
from tests.simulation import Simulation, phase_of

pytestmark = pytest.mark.thorough

KEY, OTHER = make_key_pair().public, make_key_pair().public
CLOUD = Capabilities(enforces_memory=False, takes_host_key=False)


class WithoutWire:
    """A driver whose machines are reached over SSH."""

    capabilities = CLOUD


@dataclass
class Told:
    """What the place says about the host key of each of its machines that runs."""

    host_key: str = ""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """The memory place is one whose machines make their own host keys."""
    says, see = Told(), MemoryDriver.see

    def seen(driver: MemoryDriver, key: str, *, within: float) -> Sighting:
        sighting = see(driver, key, within=within)
        return replace(sighting, host_key=says.host_key if sighting.seen == Seen.RUNNING else "")

    monkeypatch.setattr(MemoryDriver, "see", seen)
    monkeypatch.setattr(MemoryDriver, "capabilities", CLOUD)
    return says


def enrolled(world: Simulation, line: str) -> bool:
    """The machine that is being set up tells its key."""
    key = Machine.objects.get().key
    return enrol(key, word_for(key).reveal, line.encode(), world.at)


def reaching(world: Simulation) -> Deployment:
    """A service whose machine is starting."""
    world.place.boot_looks = 5
    deployment = launch(make_event(days=30))
    world.run_until(lambda: Machine.objects.filter(asked_at__isnull=False).exists())
    return deployment


def test_a_place_that_says_another_key_than_the_machine_itself_is_not_believed_and_nobody_goes_in(
    world: Simulation, told: Told
) -> None:
    told.host_key = OTHER
    deployment = reaching(world)
    assert enrolled(world, KEY)
    world.until_phase(deployment, Phase.FAILED)
    machine = Machine.objects.get()
    assert (machine.problem, machine.enrolled_key) == ("host-key-changed", KEY)
    assert "reach" not in machine.steps_done


def test_a_place_that_says_the_same_key_or_none_changes_nothing(world: Simulation, told: Told) -> None:
    deployment = reaching(world)
    assert enrolled(world, KEY)
    world.until_phase(deployment, Phase.READY)
    told.host_key = f"{KEY} root@somewhere"
    world.run_for(Machine.keep_every * 3)
    assert phase_of(deployment) == Phase.READY


def test_a_machine_whose_place_says_another_key_later_is_not_the_one_we_know(world: Simulation, told: Told) -> None:
    deployment = reaching(world)
    assert enrolled(world, KEY)
    world.until_phase(deployment, Phase.READY)
    told.host_key = OTHER
    world.run_until(lambda: Machine.objects.get().problem == "host-key-changed")


@pytest.mark.parametrize(
    ("says", "itself", "known"),
    [("", "", ""), (KEY, "", KEY), ("", KEY, KEY), (f"{KEY} remark", KEY, KEY), (OTHER, KEY, "")],
    ids=["nobody says one", "the place does", "the machine does", "both the same", "two"],
)
def test_nobody_is_logged_in_before_the_key_is_known_and_not_where_two_are(
    world: Simulation, says: str, itself: str, known: str
) -> None:
    reaching(world)
    machine = Machine.objects.get()
    job = machine_job(Lease(machine, world.at), world.world)
    machine.enrolled_key = itself
    seen = Sighting(Seen.RUNNING, ssh=Endpoint("10.0.0.4", 22), host_key=says)
    without_wire = replace(world.world, driver=lambda _: WithoutWire())  # type: ignore[arg-type, return-value]
    remote = without_wire.remote(machine, job.spec, job.identity, seen)
    assert (remote.login.host_public_key if isinstance(remote, SshRemote) else "") == known
    assert job.identity.enrolment.reveal == word_for(machine.key).reveal
