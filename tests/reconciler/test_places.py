"""What a place does and says, and what is concluded from it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioning.driver import ABSENT, Capabilities, Sighting
from provisioning.errors import Blame, GiveUp
from provisioning.fabrics.memory import MemoryDriver
from provisioning.models import Deployment, Machine
from provisioning.phases import Phase, Settled, Wanted
from provisioning.steps.machine.content import SOURCE_FILE
from tests.makers import NOON, launch, make_release
from tests.simulation import Simulation, key_of, phase_of, phases_of, ready

pytestmark = pytest.mark.thorough


def remembered(monkeypatch: pytest.MonkeyPatch, verb: str, column: str) -> list[datetime | None]:
    """What stands in a column of the machine's row whenever the place is asked for something."""
    stood: list[datetime | None] = []
    real = getattr(MemoryDriver, verb)

    def asked(driver: MemoryDriver, what: Any, *given: Any, within: float) -> Sighting:
        stood.append(Machine.objects.values_list(column, flat=True).get(key=getattr(what, "key", what)))
        sighting: Sighting = real(driver, what, *given, within=within)
        return sighting

    monkeypatch.setattr(MemoryDriver, verb, asked)
    return stood


def test_the_row_tells_that_a_machine_was_asked_for_before_its_place_hears_of_it(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood = remembered(monkeypatch, "ensure", "asked_at")
    world.until_phase(launch(), Phase.READY)
    assert stood
    assert None not in stood


def test_the_row_tells_that_a_removal_was_asked_for_before_its_place_hears_of_it(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood = remembered(monkeypatch, "remove", "removal_asked_at")
    deployment = ready(world)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert stood
    assert None not in stood


def test_a_row_says_what_it_waits_for_and_no_longer_than_it_does(world: Simulation) -> None:
    world.place.away, world.place.boot_looks = 1, 3
    deployment = launch()
    waited: list[str] = []
    for _ in range(20):
        world.tick()
        waited += Machine.objects.values_list("waits_for", flat=True)
    assert list(dict.fromkeys(waited))[:3] == ["", "place-away", "machine-is-starting"]
    world.until_phase(deployment, Phase.READY)
    assert Machine.objects.get().waits_for == ""


def test_a_machine_that_dies_while_it_is_set_up_is_not_made_again_under_its_key(world: Simulation) -> None:
    world.place.boot_looks = 10
    deployment = launch()
    for number in (1, 2):
        world.run_until(lambda: Machine.objects.filter(sighting__seen="starting", wanted=Wanted.UP).exists())
        world.place.destroy(key_of(deployment))
        world.run_until(lambda: Machine.objects.filter(problem="machine-died").exists())
        assert len(world.place.made) == number
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "machine-died"
    assert len(set(world.place.made)) == len(world.place.made) == 2


def test_an_absence_before_the_place_has_settled_proves_nothing(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDriver, "settling", timedelta(minutes=5))
    deployment = launch()
    world.run_until(lambda: bool(world.place.made))
    deployment.retire(by=None, at=world.at)
    gone = world.until_phase(deployment, Phase.GONE)
    asked_at = Machine.objects.get().asked_at
    assert asked_at
    assert gone - asked_at >= timedelta(minutes=5)


def test_a_place_that_remembers_the_end_of_a_machine_need_not_settle_first(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDriver, "settling", timedelta(hours=1))
    deployment = ready(world)
    monkeypatch.setattr("provisioning.fabrics.memory.driver.ABSENT", replace(ABSENT, is_final=True))
    deployment.retire(by=None, at=world.at)
    asked = world.at
    assert world.until_phase(deployment, Phase.GONE) - asked < timedelta(minutes=2)


def test_where_one_absence_is_no_proof_there_are_two_a_minute_apart(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDriver, "capabilities", Capabilities(absent_twice=True))
    deployment = ready(world)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    machine = Machine.objects.get()
    assert machine.absent_at
    assert machine.phase_at - machine.absent_at >= timedelta(minutes=1)


def test_a_machine_that_is_hidden_for_a_moment_is_not_called_dead_where_one_absence_is_no_proof(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDriver, "capabilities", Capabilities(absent_twice=True))
    deployment = ready(world)
    key = key_of(deployment)
    hidden = world.place.machines.pop(key)
    world.run_until(lambda: Machine.objects.get().absent_at is not None)
    world.place.machines[key] = hidden
    world.run_for(timedelta(minutes=2))
    assert phases_of(deployment) == ["building", "ready"]
    assert Machine.objects.get().absent_at is None
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert Machine.objects.get().settled == Settled.ARCHIVED


def test_a_dead_machine_is_called_dead_after_the_second_absence(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryDriver, "capabilities", Capabilities(absent_twice=True))
    deployment = ready(world)
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: Machine.objects.get().settled == Settled.LOST)
    assert phase_of(deployment) == Phase.FAILED


def test_a_launch_waits_for_no_look_by_the_clock(world: Simulation) -> None:
    world.until_phase(launch(), Phase.READY)
    ready_at = Deployment.objects.get().ready_at
    assert ready_at
    assert ready_at - NOON < timedelta(seconds=2)


def test_a_stateless_service_that_dies_at_every_start_is_not_launched_for_ever(world: Simulation) -> None:
    deployment = ready(world, stateless=True)
    world.place.destroy(key_of(deployment))
    world.until_phase(deployment, Phase.FAILED)
    assert phases_of(deployment) == ["building", "ready", "failed"]


@pytest.mark.parametrize("chosen", [False, True])
def test_what_people_used_is_launched_again_by_itself_only_where_its_owner_chose_so(
    world: Simulation, chosen: bool
) -> None:
    deployment = ready(world)
    Deployment.objects.update(relaunches=chosen)
    world.sleep_until(world.at + timedelta(minutes=6))
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: len(phases_of(deployment)) > 2)
    assert phases_of(deployment)[2] == ("building" if chosen else "failed")


def test_a_machine_that_was_absent_and_is_there_again_goes_in_the_end(world: Simulation) -> None:
    deployment = ready(world)
    deployment.retire(by=None, at=world.at)
    world.run_until(lambda: Machine.objects.get().wanted == Wanted.GONE)
    Machine.objects.update(absent_at=world.at)  # once, when its place was behind the times
    world.place.slow_removals = 1
    world.until_phase(deployment, Phase.GONE)
    assert not world.place.machines
    assert Machine.objects.get().absent_at


def test_what_is_over_is_not_launched_again(world: Simulation) -> None:
    deployment = ready(world, stateless=True)
    world.place.destroy(key_of(deployment))
    world.sleep_until(deployment.expires_at)
    world.kept_at = world.at  # whoever ends what is over comes half a minute later
    world.run_until(lambda: Deployment.objects.get().wanted == Wanted.GONE)
    world.until_phase(deployment, Phase.GONE)
    assert len(world.place.made) == 1
    assert Phase.BUILDING not in phases_of(deployment)[1:]


def test_a_machine_that_fails_without_dying_is_told_by_its_own_name(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)

    def refuses(driver: MemoryDriver, key: str, *, within: float) -> Sighting:
        raise GiveUp("machine-is-not-ours", blame=Blame.FABRIC)

    monkeypatch.setattr(MemoryDriver, "see", refuses)
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "machine-is-not-ours"


def test_what_leaves_is_neither_restarted_nor_given_new_content(world: Simulation) -> None:
    deployment = ready(world)
    deployment.retire(by=None, at=world.at)
    assert not deployment.restart(by=None, at=world.at)
    assert not deployment.pull_now(by=None, at=world.at)


def test_a_wished_restart_and_a_wished_pull_are_done_once(world: Simulation) -> None:
    deployment = ready(world)
    assert deployment.restart(by=None, at=world.at)
    assert deployment.pull_now(by=None, at=world.at)
    world.run_for(timedelta(minutes=6))
    ghost = world.place.machines[key_of(deployment)]
    assert ghost.calls.count("restart") == 1
    assert sum(job.startswith("pull") for job in ghost.started) == 1


def test_a_machine_is_told_whether_its_content_was_loaded_before(world: Simulation) -> None:
    def told() -> bool:
        return bool(json.loads(world.place.machines[key_of(deployment)].files[SOURCE_FILE])["loaded"])

    deployment = ready(world)
    assert not told()
    assert deployment.pull_now(by=None, at=world.at)
    world.run_for(timedelta(minutes=6))
    assert told()


def test_an_app_gets_as_many_processes_as_it_asks_for(world: Simulation) -> None:
    release = make_release(size='memory = "128MiB"\ndisk = "1GiB"\nprocesses = 77')
    deployment = launch(release=release)
    world.until_phase(deployment, Phase.READY)
    assert world.place.machines[key_of(deployment)].spec.size.processes == 77


def test_an_app_that_was_not_built_for_the_machine_says_so_before_it_is_installed(world: Simulation) -> None:
    release = make_release(size='memory = "128MiB"\ndisk = "1GiB"\narchitectures = ["aarch64"]')
    deployment = launch(release=release)
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "system-is-not-supported"
    assert not any(job.startswith("install") for job in world.place.machines[key_of(deployment)].started)


def test_one_silent_host_keeps_no_launch_from_a_host_that_becomes_free(world: Simulation) -> None:
    world.place.silent_host, world.place.no_room = "old-server", 3
    world.until_phase(launch(), Phase.READY)
    assert len(world.place.made) == 1


def test_one_silent_host_keeps_nobody_from_giving_up_who_found_no_room(world: Simulation) -> None:
    world.place.silent_host, world.place.no_room = "old-server", 1000
    deployment = launch()
    world.run_until(lambda: Machine.objects.filter(waits_for="place-is-full").exists())
    deployment.retire(by=None, at=world.at)
    assert world.until_phase(deployment, Phase.GONE) - world.at < timedelta(minutes=1)


def test_what_was_seen_once_is_not_called_gone_while_a_host_is_silent(world: Simulation) -> None:
    deployment = ready(world)
    world.place.silent_host = "old-server"
    world.place.destroy(key_of(deployment))
    world.run_for(timedelta(minutes=20))
    assert phase_of(deployment) == Phase.READY
    world.place.silent_host = ""
    world.until_phase(deployment, Phase.FAILED)
