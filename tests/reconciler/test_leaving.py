"""Machines that never come to life, and the order in which everything forgets one that is gone."""

from datetime import timedelta
from typing import Any

import pytest

from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.memory import MemoryDriver
from provisioning.front_door import MemoryDoor
from provisioning.models import Deployment, LogChunk, Machine
from provisioning.phases import Phase, Settled
from tests.makers import launch
from tests.simulation import Simulation, key_of, ready

pytestmark = pytest.mark.thorough

MOODS = {"machine-never-answered": "silent", "machine-never-started": "slow"}


@pytest.mark.parametrize(("problem", "mood"), MOODS.items())
def test_a_machine_that_never_comes_to_life_is_replaced_once_by_itself(
    world: Simulation, problem: str, mood: str
) -> None:
    setattr(world.place, mood, 1)
    deployment = launch()
    began = world.at
    world.until_phase(deployment, Phase.READY)
    assert world.at - began < timedelta(minutes=12)
    assert len(world.place.made) == 2
    assert set(world.place.machines) == {key_of(deployment)}
    assert Machine.objects.get(phase=Phase.GONE).settled == Settled.NEVER_LOADED


@pytest.mark.parametrize(("problem", "mood"), MOODS.items())
def test_the_second_that_never_comes_to_life_is_told(world: Simulation, problem: str, mood: str) -> None:
    setattr(world.place, mood, 9)
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    now = Deployment.objects.get()
    assert (now.problem, now.blame) == (problem, Blame.FABRIC)
    assert len(world.place.made) == 2
    assert len(world.place.machines) == 1


def test_somebody_who_tries_again_gets_another_machine_and_one_more_by_itself(world: Simulation) -> None:
    world.place.silent = 3
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().retry(by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    assert len(world.place.made) == 4
    assert set(world.place.machines) == {key_of(deployment)}


def test_the_last_words_of_a_machine_that_never_answered_are_kept(world: Simulation) -> None:
    world.place.silent = 9
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    world.run_for(timedelta(minutes=20))
    chunks = LogChunk.objects.filter(job="console").order_by("pk")
    assert {chunk.machine_id for chunk in chunks} == set(Machine.objects.values_list("pk", flat=True))
    assert {bytes(chunk.data) for chunk in chunks} == {b"login: nobody answers\n"}


def test_the_console_of_a_machine_that_answered_is_nobodys_business(world: Simulation) -> None:
    world.place.failing_jobs["install"] = 1
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    world.run_for(timedelta(minutes=20))
    assert not LogChunk.objects.filter(job="console").exists()


def test_a_console_that_cannot_be_read_holds_nothing_up(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    def console(driver: MemoryDriver, key: str, *, within: float) -> bytes:
        raise TryAgain("place-away", blame=Blame.FABRIC)

    monkeypatch.setattr(MemoryDriver, "console", console)
    world.place.silent = 1
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    assert len(world.place.machines) == 1


def seen_by(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What forgets the machine, in order, and the phase of its row meanwhile."""
    order: list[tuple[str, str]] = []

    def noted(cls: type, verb: str) -> None:
        real = getattr(cls, verb)

        def called(self: Any, *given: Any, **named: Any) -> Any:
            order.append((verb, Machine.objects.order_by("pk").values_list("phase", flat=True)[0]))
            return real(self, *given, **named)

        monkeypatch.setattr(cls, verb, called)

    noted(MemoryDoor, "drop")
    noted(MemoryDriver, "remove")
    return order


@pytest.mark.parametrize("relaunches", [False, True])
def test_nobody_is_led_any_more_to_a_machine_that_is_not_there_before_its_address_is_free(
    world: Simulation, monkeypatch: pytest.MonkeyPatch, relaunches: bool
) -> None:
    deployment = ready(world)
    Deployment.objects.update(relaunches=relaunches)
    world.run_for(timedelta(minutes=6))
    order = seen_by(monkeypatch)
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: Machine.objects.filter(phase=Phase.GONE).exists())
    assert [verb for verb, _ in order][:2] == ["drop", "remove"]
    assert order[0][1] == Phase.FAILED


def test_a_front_door_that_is_away_keeps_the_machines_row_until_its_line_is_gone(world: Simulation) -> None:
    deployment = ready(world)
    world.front_door.away = 5
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: not world.front_door.away)
    assert not Machine.objects.filter(phase=Phase.GONE).exists()
    world.run_until(lambda: Machine.objects.filter(phase=Phase.GONE).exists())
    assert not world.front_door.routes


def test_a_machine_that_is_gone_is_known_to_nobody(world: Simulation) -> None:
    deployment = ready(world)
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: Machine.objects.filter(phase=Phase.GONE).exists())
    gone = Machine.objects.get(phase=Phase.GONE)
    assert not any([gone.host_key, gone.login_key, gone.enrolled_key, gone.git_bearer, gone.git_bearer_sha256])
    assert "forget_keys" in gone.steps_done


def test_the_connection_to_a_machine_that_leaves_is_closed(world: Simulation) -> None:
    deployment = ready(world)
    ghost = world.place.machines[key_of(deployment)]
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert ghost.calls[-2:] == ["end-all", "hang-up"]
