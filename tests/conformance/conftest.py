"""Every kind of fabric is found by its folder, and gets the whole suite through its rig."""

import importlib
import importlib.util
from collections.abc import Iterator
from typing import cast

import pytest

from provisioning.fabrics import kinds
from tests.conformance.rig import Rig


def rig_name(kind: str) -> str:
    """The module of a kind's rig."""
    return f"tests.conformance.rigs.{kind}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test once for every kind that has a rig; that all have one is a test of its own."""
    if "rig" in metafunc.fixturenames:
        found = [kind for kind in kinds() if importlib.util.find_spec(rig_name(kind))]
        params = [pytest.param(kind, marks=importlib.import_module(rig_name(kind)).MARKS) for kind in found]
        metafunc.parametrize("rig", params, indirect=True, scope="module")


@pytest.fixture(scope="module")
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A fabric with its back side open."""
    with importlib.import_module(rig_name(request.param)).open_rig() as opened:
        yield cast("Rig", opened)
