"""One launch, from the press to nothing left, on the memory fabric."""

from datetime import timedelta

from provisioning.models import Archive, Deployment, Machine
from provisioning.phases import Phase, Settled
from tests.makers import launch, make_event, make_release
from tests.simulation import Simulation, phase_of, phases_of


def test_one_press_ends_with_a_page_that_answers(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    deployment.refresh_from_db()
    assert phases_of(deployment) == ["building", "ready"]
    assert deployment.answer["ok"]
    assert world.front_door.line(deployment.key, within=1) is not None


def test_ready_takes_as_many_good_answers_as_the_manifest_wants(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    deployment.refresh_from_db()
    assert deployment.answered_times == deployment.manifest.probe.successes


def test_it_ends_by_itself_with_a_checked_copy_and_nothing_left(world: Simulation) -> None:
    deployment = launch(make_event(days=2))
    world.until_phase(deployment, Phase.READY)
    world.sleep_until(deployment.expires_at - timedelta(hours=1))
    world.run_for(timedelta(minutes=1))  # people are warned
    world.sleep_until(deployment.expires_at)
    ended = world.until_phase(deployment, Phase.GONE)
    assert ended - deployment.expires_at < timedelta(minutes=2)
    assert not world.place.machines
    assert Archive.objects.get(kind="end").deployment == deployment
    assert Machine.objects.get().settled == Settled.ARCHIVED
    assert world.front_door.line(deployment.key, within=1) is None


def test_a_service_that_keeps_nothing_leaves_no_copy(world: Simulation) -> None:
    deployment = launch(make_event(days=1), make_release(stateless=True))
    world.until_phase(deployment, Phase.READY)
    world.sleep_until(deployment.expires_at)
    world.until_phase(deployment, Phase.GONE)
    assert not Archive.objects.exists()
    assert Machine.objects.get().settled == Settled.NEVER_LOADED


def test_asking_to_stop_while_it_is_set_up_leaves_nothing(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.BUILDING)
    assert deployment.retire(by=deployment.owner, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert not world.place.machines
    assert "ready" not in phases_of(deployment)


def test_asking_twice_to_go_changes_something_once(world: Simulation) -> None:
    deployment = launch()
    assert deployment.retire(by=None, at=world.at)
    assert not deployment.retire(by=None, at=world.at)


def test_the_same_form_token_is_the_same_service(world: Simulation) -> None:
    event, release = make_event(), make_release()
    first = launch(event, release, form_token="pressed")
    assert launch(event, release, form_token="pressed") == first
    assert Deployment.objects.count() == 1


def test_keys_and_first_passwords_are_forgotten_at_the_end(world: Simulation) -> None:
    deployment = launch(values={"title": "Spring"})
    world.until_phase(deployment, Phase.READY)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    machine = Machine.objects.get()
    assert (machine.host_key, machine.login_key, machine.git_bearer, machine.outputs) == ("", "", "", {})
    assert not Deployment.objects.get().values


def test_a_service_that_stops_answering_is_silent_and_stays_ready(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    world.prober.silent.add(deployment.host)
    world.run_for(timedelta(minutes=10))
    deployment.refresh_from_db()
    assert deployment.silent_since is not None
    assert phase_of(deployment) == Phase.READY
