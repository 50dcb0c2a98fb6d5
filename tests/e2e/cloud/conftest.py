"""A portal whose one place is a stand-in cloud with bodies."""

from collections.abc import Iterator

import pytest

from tests.cloud.whole import WholeCloud, open_cloud
from tests.demo import only_place
from tests.e2e.portal import Portal, open_portal
from tests.engine import EnginePlace, engine

__all__ = ["engine"]


@pytest.fixture(scope="session")
def cloud(engine: EnginePlace) -> Iterator[WholeCloud]:
    """One that behaves."""
    with open_cloud(engine) as opened:
        yield opened


@pytest.fixture(scope="session")
def portal(cloud: WholeCloud) -> Iterator[Portal]:
    """It launches there and nowhere else."""
    with open_portal("fine") as here:
        only_place("A stand-in cloud", "ec2", *cloud.split_options(here.setting("GIT_DOOR_LISTEN")), here.manage)
        yield here
