"""An instance that boots and lets nobody in: given up by time, replaced once, its console kept, nothing left."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from provisioning.models import Deployment, Fabric, LogChunk, Machine
from provisioning.phases import Phase
from tests.cloud.whole import WholeCloud, open_cloud
from tests.engine import EnginePlace, engine
from tests.makers import launch, make_fabric
from tests.simulation import Simulation
from tests.waiting import until

__all__ = ["engine"]
pytestmark = pytest.mark.engine
FREE = {"type": "t3.small", "memory_mib": 2048, "cpu": 2}
SHOWN = "-----END SSH HOST KEY KEYS-----"


@pytest.fixture
def cloud(transactional_db: None, engine: EnginePlace) -> Iterator[WholeCloud]:
    """The one place; none of its instances can ever be logged in to."""
    with open_cloud(engine) as opened:
        opened.bodies.answers_ssh = False
        make_fabric(is_open=False)
        Fabric.objects.create(name="A cloud", kind="ec2", options=opened.options(types=[FREE]))
        yield opened


def has_made(cloud: WholeCloud, number: int) -> bool:
    return len(cloud.instances()) == number


def test_an_instance_without_ssh_is_given_up_with_its_console_kept_and_nothing_left(
    cloud: WholeCloud, tmp_path: Path, settings: Settings
) -> None:
    settings.FAILED_KEPT = timedelta(minutes=1)
    world = Simulation(tmp_path)
    deployment = launch()
    for number in (1, 2):  # minutes pass by the clock of the simulation, seconds by that of the instance
        world.run_until(partial(has_made, cloud, number))
        until("all have booted", lambda: all(SHOWN in text for text in cloud.consoles()), 60)
    world.until_phase(deployment, Phase.FAILED)
    now = Deployment.objects.get()
    assert (now.problem, now.blame) == ("machine-never-answered", "fabric")
    world.run_until(lambda: not Machine.objects.exclude(phase=Phase.GONE).exists())
    kept = [bytes(chunk.data).decode() for chunk in LogChunk.objects.filter(job="console").order_by("pk")]
    assert [SHOWN in text for text in kept] == [True, True]
    until("nothing is left", lambda: not cloud.left())
