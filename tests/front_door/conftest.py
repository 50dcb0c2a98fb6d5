import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.front_door.doors import Caddy, Site, site


@pytest.fixture
def portal() -> Iterator[Site]:
    with site() as opened:
        yield opened


@pytest.fixture
def service() -> Iterator[Site]:
    with site() as opened:
        opened.pages["/"] = (200, {}, b"<title>Hello</title>the service itself")
        yield opened


@pytest.fixture
def caddy(portal: Site) -> Iterator[Caddy]:
    with tempfile.TemporaryDirectory(prefix="fd") as folder:  # short: a socket's path has at most 107 bytes
        running = Caddy(Path(folder), portal)
        running.start()
        yield running
        running.kill()
