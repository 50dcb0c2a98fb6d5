"""Machines that leave by themselves: what their place says of it, and what is made of that."""

from datetime import timedelta

import pytest

from provisioning.driver import Departure
from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.memory import MemoryDriver
from provisioning.fabrics.memory.place import place
from provisioning.models import Deployment, Fabric, Machine
from provisioning.phases import Phase
from provisioning.reconciler import listen
from tests.makers import launch, make_fabric
from tests.simulation import Simulation, key_of, ready


def place_id(deployment: Deployment) -> str:
    """What its machine is called at its place."""
    machine = deployment.machine()
    assert machine
    return machine.place_id


def test_a_machine_that_its_place_says_is_gone_is_looked_at_at_once(world: Simulation) -> None:
    deployment = ready(world)
    world.place.destroy(key_of(deployment))
    world.place.tell(place_id(deployment))
    assert listen(world.at, world.world) == 1
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "machine-died"
    assert not world.place.messages


def test_a_word_that_a_machine_has_left_is_not_believed(world: Simulation) -> None:
    deployment = ready(world)
    world.place.tell(place_id(deployment))
    assert listen(world.at, world.world) == 1
    world.run_for(timedelta(minutes=10))
    assert Deployment.objects.get().phase == Phase.READY
    assert world.place.made == [key_of(deployment)]


@pytest.mark.parametrize("said", ["", "i-somebody-elses", "' OR 1=1 --"])
def test_what_names_no_machine_of_ours_is_left_where_it_is(world: Simulation, said: str) -> None:
    deployment = ready(world)
    world.place.tell(said)
    world.place.tell(place_id(deployment))
    assert listen(world.at, world.world) == 1
    assert list(world.place.messages.values()) == [said]


def test_that_a_machine_has_left_which_we_have_removed_is_taken_away_as_well(world: Simulation) -> None:
    deployment = ready(world)
    said = place_id(deployment)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    world.place.tell(said)
    assert listen(world.at, world.world) == 0
    assert not world.place.messages


def test_the_same_word_again_and_again_harms_nothing(world: Simulation) -> None:
    deployment = ready(world)
    for _ in range(25):
        world.place.tell(place_id(deployment))
    assert listen(world.at, world.world) == 25
    assert listen(world.at, world.world) == 0
    world.run_for(timedelta(minutes=1))
    assert Deployment.objects.get().phase == Phase.READY


def test_a_message_is_taken_away_only_when_its_row_has_its_reason(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    world.place.tell(place_id(deployment))
    wakes = Machine.objects.get().wakes
    stood: list[int] = []

    def heard(driver: MemoryDriver, receipt: str, *, within: float) -> None:
        stood.append(Machine.objects.get().wakes)
        raise TryAgain("place-away", blame=Blame.FABRIC)

    monkeypatch.setattr(MemoryDriver, "heard", heard)
    listen(world.at, world.world)
    assert stood == [wakes + 1]
    assert world.place.messages, "it comes again"


def test_a_place_that_does_not_answer_is_not_asked_what_leaves_it(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch()
    asked: list[float] = []

    def departures(driver: MemoryDriver, *, within: float) -> tuple[Departure, ...]:
        asked.append(within)
        return ()

    monkeypatch.setattr(MemoryDriver, "departures", departures)
    Fabric.objects.update(away_since=world.at)
    listen(world.at, world.world)
    assert not asked
    Fabric.objects.update(away_since=None)
    listen(world.at, world.world)
    assert len(asked) == Fabric.objects.count() == 1


def test_one_place_that_cannot_tell_keeps_no_other_from_telling(world: Simulation) -> None:
    deployment = ready(world)
    first, second = make_fabric(), Fabric.objects.create(name="other", kind="memory", options={"place": "other"})
    Machine.objects.update(fabric=second)
    place("other").tell(place_id(deployment))
    world.place.away = 10
    assert listen(world.at, world.world) == 1
    assert first.pk < second.pk
