"""What goes wrong, whose move it is, and that the way out is never lost."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from machine.onboard.hook import GRACE
from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.memory.remote import MemoryRemote
from provisioning.models import Deployment, Machine
from provisioning.phases import Phase, Settled
from provisioning.step import Exited, Peek, RemoteJob
from provisioning.steps.machine.content import SOURCE_FILE
from provisioning.steps.paths import ONBOARD
from tests.faults import zeros
from tests.makers import launch
from tests.simulation import Simulation, key_of, phase_of, phases_of, ready

pytestmark = pytest.mark.thorough


def test_an_installer_that_fails_tells_the_step_and_its_last_words(world: Simulation) -> None:
    world.place.failing_jobs["install"] = 100
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    deployment.refresh_from_db()
    assert (deployment.problem, deployment.blame) == ("install-failed", "app")
    assert deployment.problem_params["code"] == 100
    assert "install" in deployment.problem_params["tail"]


def test_ports_that_somebody_else_uses_cost_another_machine_and_nobody_a_word(world: Simulation) -> None:
    world.place.taken_ports = {21001, 21011}
    deployment = ready(world)
    machines = Machine.objects.order_by("pk")
    assert [machine.spec["ports"][0]["outer"] for machine in machines] == [21001, 21011, 21021]
    world.run_until(lambda: [machine.phase for machine in machines.all()] == [Phase.GONE, Phase.GONE, Phase.READY])
    assert Deployment.objects.get(pk=deployment.pk).attempt == 1
    assert phases_of(deployment) == [Phase.BUILDING, Phase.READY]
    zeros.check(world)


def test_where_one_kind_of_room_is_full_another_key_asks_for_the_next(world: Simulation) -> None:
    world.place.full_turns = {0, 1}
    deployment = ready(world)
    machines = Machine.objects.order_by("pk")
    assert [machine.spec["turn"] for machine in machines] == [0, 1, 2]
    assert len({machine.key for machine in machines}) == 3
    assert phases_of(deployment) == [Phase.BUILDING, Phase.READY]
    zeros.check(world)


def test_who_found_no_room_at_all_and_tries_again_goes_round_from_the_first_kind(world: Simulation) -> None:
    world.place.full_turns, world.place.no_room = {0}, 10**6
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "place-is-full"
    world.place.full_turns, world.place.no_room = {0, 1}, 0
    assert Deployment.objects.get().retry(by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    assert Machine.objects.latest("pk").spec["turn"] == 2
    zeros.check(world)


def test_trying_again_goes_on_from_the_step_that_failed(world: Simulation) -> None:
    world.place.failing_jobs["install-1"] = 1
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get(pk=deployment.pk).retry(by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    started = next(iter(world.place.machines.values())).started
    assert sum(job.startswith("fetch-service") for job in started) == 1
    assert sum(job.startswith("install") for job in started) == 2
    zeros.check(world)


def test_trying_again_what_did_not_fail_changes_nothing(world: Simulation) -> None:
    deployment = ready(world)
    assert not deployment.retry(by=None, at=world.at)


def test_a_failed_launch_gives_its_machine_back_after_a_day(world: Simulation) -> None:
    world.place.failing_jobs["configure"] = 1
    deployment = launch()
    failed = world.until_phase(deployment, Phase.FAILED)
    world.run_for(timedelta(minutes=10))
    assert world.place.machines
    world.sleep_until(failed + timedelta(hours=24, minutes=1))
    world.run_until(lambda: not world.place.machines)
    assert phase_of(deployment) == Phase.FAILED


@pytest.mark.parametrize("how", ["destroy", "gut"])
def test_a_machine_killed_from_outside_is_noticed_told_settled_and_cleaned_up(world: Simulation, how: str) -> None:
    deployment = ready(world)
    getattr(world.place, how)(key_of(deployment))
    noticed = world.at
    world.until_phase(deployment, Phase.FAILED)
    assert world.at - noticed < timedelta(minutes=2)
    world.run_until(lambda: Machine.objects.get().phase == Phase.GONE)
    assert Machine.objects.get().settled == Settled.LOST
    assert Deployment.objects.get().problem == "machine-died"
    zeros.check(world)


def test_a_service_whose_machine_died_is_put_up_again_when_asked(world: Simulation) -> None:
    deployment = ready(world)
    world.place.destroy(key_of(deployment))
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().retry(by=None, at=world.at)
    world.until_phase(deployment, Phase.READY)
    assert len(world.place.made) == 2
    zeros.check(world)


def test_a_stateless_service_whose_machine_dies_is_launched_again_by_itself(world: Simulation) -> None:
    deployment = ready(world, stateless=True)
    world.run_for(timedelta(minutes=6))
    world.place.destroy(key_of(deployment))
    world.run_until(lambda: len(phases_of(deployment)) == 4)
    assert phases_of(deployment) == ["building", "ready", "building", "ready"]
    zeros.check(world)


def test_a_machine_that_merely_stopped_is_started_again(world: Simulation) -> None:
    deployment = ready(world)
    world.place.kill(key_of(deployment))
    world.run_for(timedelta(minutes=6))
    assert next(iter(world.place.machines.values())).seen == "running"
    assert phases_of(deployment) == ["building", "ready"]


def test_a_place_that_is_away_makes_launches_wait_and_loses_none(world: Simulation) -> None:
    world.place.away = 50
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    assert len(world.place.made) == 1


def test_a_lost_reply_makes_no_second_machine(world: Simulation) -> None:
    world.place.lost_replies = 3
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    assert len(world.place.made) == 1
    zeros.check(world)


def test_a_front_door_that_is_away_delays_and_harms_nothing(world: Simulation) -> None:
    world.front_door.away = 10
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    world.front_door.away = 10
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    zeros.check(world)


def test_a_front_door_that_forgot_everything_gets_its_lines_back(world: Simulation) -> None:
    deployment = ready(world)
    world.front_door.lose_all()
    world.run_for(timedelta(minutes=2))
    assert world.front_door.line(deployment.key, within=1) is not None
    assert Deployment.objects.get().silent_since is None


def test_a_page_that_never_answers_fails_with_the_reason(world: Simulation) -> None:
    world.prober.misses = 10**6
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "never-answered"
    assert Deployment.objects.get().problem_params["why"] == "status 503"


def test_a_launch_that_hangs_is_given_up_in_the_end(world: Simulation) -> None:
    world.place.job_looks = 10**9
    deployment = launch()
    world.run_for(timedelta(minutes=2))
    gives_up_at = Machine.objects.get().gives_up_at
    world.sleep_until(gives_up_at - timedelta(minutes=1))
    assert world.until_phase(deployment, Phase.FAILED) >= gives_up_at
    assert Deployment.objects.get().problem == "took-too-long"


@pytest.mark.parametrize("code", [14, 15, 21, 124])
def test_a_network_that_fails_for_a_moment_is_tried_again_as_another_job(world: Simulation, code: int) -> None:
    world.place.failing_jobs["fetch-service"] = code
    deployment = launch()
    world.run_until(lambda: Machine.objects.filter(tries=1).exists())
    world.place.failing_jobs.clear()
    world.until_phase(deployment, Phase.READY)
    started = next(iter(world.place.machines.values())).started
    assert sum(job.startswith("fetch-service") for job in started) == 2


def lose_one_look(monkeypatch: pytest.MonkeyPatch, at: Callable[[str, Peek], bool]) -> list[str]:
    """Lose the answer to the first look at a job that is so."""
    peek, lost = MemoryRemote.peek, list[str]()

    def cut(remote: MemoryRemote, name: str, **how: Any) -> Peek:
        seen = peek(remote, name, **how)
        if not lost and at(name, seen):
            lost.append(name)
            raise TryAgain("connection-lost", blame=Blame.FABRIC)
        return seen

    monkeypatch.setattr(MemoryRemote, "peek", cut)
    return lost


@pytest.mark.parametrize("step", ["fetch-service", "load-data"])
def test_a_look_that_is_lost_begins_nothing_a_second_time(
    world: Simulation, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    world.place.job_looks = 5
    lost = lose_one_look(monkeypatch, lambda name, seen: name.startswith(step) and seen is not None)
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    started = next(iter(world.place.machines.values())).started
    assert lost
    assert sum(job.startswith(step) for job in started) == 1


def test_a_look_that_is_lost_hides_no_failure(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    world.place.failing_jobs["fetch-service"] = 14
    lost = lose_one_look(monkeypatch, lambda name, seen: isinstance(seen, Exited))
    deployment = launch()
    world.run_until(lambda: bool(lost))
    world.place.failing_jobs.clear()
    world.until_phase(deployment, Phase.READY)
    started = next(iter(world.place.machines.values())).started
    assert sum(job.startswith("fetch-service") for job in started) == 2


def test_our_own_programs_have_time_to_say_that_they_are_out_of_time(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, left = MemoryRemote.start, dict[str, float]()

    def timed(remote: MemoryRemote, job: RemoteJob, *, within: float = 20) -> None:
        if job.argv[0] == ONBOARD:
            file = world.place.machines[remote.key].files[[SOURCE_FILE, *job.argv[2:]][-1]]
            left[job.argv[1]] = job.timeout.total_seconds() - json.loads(file)["timeout"]
        start(remote, job, within=within)

    monkeypatch.setattr(MemoryRemote, "start", timed)
    ready(world)
    assert left.keys() == {"fetch-service", "pull"}
    assert min(left.values()) > 2 * GRACE


def test_a_repository_that_is_refused_is_not_asked_for_ever(world: Simulation) -> None:
    world.place.failing_jobs["fetch-service"] = 11
    deployment = launch()
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "fetch-failed"
