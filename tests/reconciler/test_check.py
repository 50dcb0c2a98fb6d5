"""Apps that bring a program of their own to be asked whether the service is well."""

from datetime import timedelta

import pytest

from provisioning.models import Deployment, Machine
from provisioning.phases import Phase
from tests.makers import KEEPS, PAGE, launch, make_event, make_release
from tests.simulation import Simulation, key_of, phase_of

pytestmark = pytest.mark.thorough

WELL = 'run = "well"'


def launched(*, ready: str = PAGE, end: str = KEEPS) -> Deployment:
    """An app that says how it is asked."""
    return launch(make_event(days=30), make_release(ready=ready, end=end))


def test_ready_means_that_its_program_says_so_and_that_its_address_leads_there(world: Simulation) -> None:
    deployment = launched(ready=WELL)
    world.until_phase(deployment, Phase.READY)
    calls = world.place.machines[key_of(deployment)].calls
    assert calls.count("check") == 3, "once at the machine, twice in a row when it has its address"
    assert world.prober.asked == 2


def test_a_program_that_says_no_keeps_it_from_being_ready_and_is_told(world: Simulation) -> None:
    world.place.check_code = 2
    deployment = launched(ready=WELL)
    world.until_phase(deployment, Phase.FAILED)
    assert Deployment.objects.get().problem == "never-answered"
    assert Deployment.objects.get().problem_params["why"] == "well ended with 2: as it was told to"


def test_a_program_that_says_yes_is_not_enough_where_the_address_leads_nowhere(world: Simulation) -> None:
    deployment = launched(ready=WELL)
    world.run_until(lambda: Machine.objects.filter(phase=Phase.READY).exists())
    world.prober.misses = 10**6
    world.run_for(timedelta(minutes=1))
    assert phase_of(deployment) == Phase.BUILDING


def test_a_ready_service_is_asked_by_its_program_where_the_app_wants_that(world: Simulation) -> None:
    deployment = launched(end=f"{KEEPS}\n[health.live]\n{WELL}")
    world.until_phase(deployment, Phase.READY)
    world.place.check_code = 1
    world.run_until(lambda: Deployment.objects.get().silent_since is not None)
    world.place.check_code = 0
    world.run_until(lambda: Deployment.objects.get().silent_since is None)
    assert phase_of(deployment) == Phase.READY
