"""The door and the prober in memory behave like the real ones."""

import pytest

from catalog.manifest import Probe
from provisioning.driver import Endpoint
from provisioning.errors import TryAgain
from provisioning.front_door import MemoryDoor, MemoryProber, open_front_door
from provisioning.step import RouteLine

MACHINE = Endpoint("memory", 21001)
LINE = RouteLine("r1", "s1.apps.localhost", MACHINE)
DOOR = Endpoint("127.0.0.1", 8080)
PAGE = Probe.model_validate({"path": "/", "contains": "Open QA"})


def test_the_memory_door_keeps_lines_and_refuses_a_second_name_for_a_host() -> None:
    door = MemoryDoor()
    door.put(LINE, within=1)
    door.put(LINE, within=1)
    assert (door.line("r1", within=1), door.lines(within=1), door.changes) == (LINE, [LINE], 1)
    with pytest.raises(TryAgain):
        door.put(RouteLine("r2", LINE.host, MACHINE), within=1)
    door.drop("r1", within=1)
    door.drop("r1", within=1)
    assert (door.lines(within=1), door.changes) == ([], 2)


def test_the_memory_door_can_be_away_and_can_lose_a_reply() -> None:
    door = MemoryDoor(away=1, lost_replies=1)
    with pytest.raises(TryAgain):
        door.line("r1", within=1)
    with pytest.raises(TryAgain):
        door.put(LINE, within=1)
    assert door.line("r1", within=1) == LINE


def test_the_memory_prober_follows_the_door() -> None:
    door = MemoryDoor()
    prober = MemoryProber(door)
    assert prober.ask(MACHINE, LINE.host, PAGE, within=1).ok
    assert not prober.ask(DOOR, LINE.host, PAGE, within=1).ok
    door.put(LINE, within=1)
    assert prober.ask(DOOR, LINE.host, PAGE, within=1).matched == "Open QA"
    prober.silent.add(LINE.host)
    assert prober.ask(DOOR, LINE.host, PAGE, within=1).why == "connection refused"


def test_a_door_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 'caddy' or 'memory'"):
        open_front_door("nginx", "")
