"""The desk's own kind of place, found where all kinds are found."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning import fabrics
from provisioning.models import Fabric
from provisioning.reconciler import world

KINDS = str(Path(__file__).parent / "kinds")
HOSTS = [
    {"address": "10.0.0.1", "port": 22, "user": "root", "group": "room-12"},
    {"address": "10.0.0.2", "port": 22, "user": "root", "group": "room-12"},
]


@contextmanager
def cupboard() -> Iterator[None]:
    """There is one more kind, until the end."""
    fabrics.__path__.append(KINDS)
    fabrics.kinds.cache_clear()
    fabrics.kind("cupboard").QUARANTINED.add("10.0.0.2")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        fabrics.__path__.remove(KINDS)
        fabrics.kinds.cache_clear()
        world._driver.cache_clear()
        sys.modules.pop("provisioning.fabrics.cupboard")


def make_cupboard(name: str = "Room 12") -> Fabric:
    """A place of that kind."""
    options = {"place": "cupboard", "hosts": HOSTS, "colour": "teal"}
    return Fabric.objects.create(
        name=name, kind="cupboard", options=options, secrets={"key": "do-not-show", "spare": "nor-this"}
    )
