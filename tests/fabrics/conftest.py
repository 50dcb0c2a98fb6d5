"""A container fabric of its own for each module of tests."""

from collections.abc import Iterator

import pytest

from tests.conformance.rigs.container import ContainerRig, open_rig


@pytest.fixture(scope="module")
def rig() -> Iterator[ContainerRig]:
    """An engine with its back side open."""
    with open_rig() as opened:
        yield opened
