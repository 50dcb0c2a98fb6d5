"""One Cobbler for all tests of a run."""

import itertools
from collections.abc import Iterator

import pytest

from tests.pool.lab.box import Box
from tests.pool.lab.cobblerd import Lab, open_lab

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """It runs."""
    with open_lab() as opened:
        yield opened


@pytest.fixture
def box(lab: Lab) -> Iterator[Box]:
    """A computer that only this test knows."""
    number = next(NUMBERS)
    name, address = f"box-{number}", f"10.9.0.{number}"
    lab.add_system(name, address)
    yield Box(lab, name, address)
    lab.switches.is_broken = False
    lab.remove_system(name)
