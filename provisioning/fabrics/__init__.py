"""The kinds of places, a folder each. A kind is found by its folder; nothing else has to be told about it."""

import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from provisioning.driver import Driver, Fabric


@lru_cache(maxsize=1)
def kinds() -> Sequence[str]:
    """The names of all kinds of fabric."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)


def kind(name: str) -> Fabric:
    """What a kind's folder exports. Raises KeyError for a folder that is not there."""
    if name not in kinds():
        raise KeyError(f"There is no kind of place called {name!r}; there are {', '.join(kinds())}.")
    return cast("Fabric", importlib.import_module(f"{__name__}.{name}"))


def frozen_options(options: Mapping[str, Any]) -> str:
    """Options as one line of text: the key under which a driver is kept."""
    return json.dumps(options, sort_keys=True)


def open_driver(name: str, options: str, owner: str) -> Driver:
    """Build the driver of a kind from frozen options."""
    return kind(name).open_driver(json.loads(options), owner)
