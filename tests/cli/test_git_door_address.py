"""At which address machines find the git door, and how several checkouts keep out of each other's way."""

import ipaddress
import multiprocessing
import socket
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from cli import claims, container_engine, ports
from cli.container_engine import git_door, neighbours
from cli.container_engine.git_door import BLOCKS, DOORS
from cli.container_engine.routes import Way, routed
from tests.engine import EnginePlace, ensure_engine

pytestmark = pytest.mark.thorough

ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 0102A8C0 0003 0 0 0 00000000 0 0 0
fg12ab 1001D50A 00000000 0001 0 0 0 F0FFFFFF 0 0 0
"""
PORT = 12_345
SAVED = (
    "-A DOCKER -d 127.0.0.1/32 ! -i fgother -p tcp -m tcp --dport 21001 -j DNAT --to-destination 10.213.0.18:22",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "-A DOCKER-ISOLATION-STAGE-1 -i fgother ! -o fgother -j DOCKER-ISOLATION-STAGE-2",
)


@pytest.fixture
def place() -> EnginePlace:
    return ensure_engine()


@pytest.mark.engine
def test_a_machine_knocks_at_the_door_and_nowhere_else(place: EnginePlace) -> None:
    api = container_engine.Engine(place.docker_host, is_ours=False).api

    assert git_door.reached_from(api, place.image, place.git_door_host)
    assert git_door.reached_from(api, place.image, "192.0.2.77") == ""  # not an address of this host
    assert git_door.reached_from(api, "fairground/no-such-image:0", place.git_door_host) == ""


@pytest.mark.engine
def test_a_door_that_was_tried_stays_what_it_was(place: EnginePlace) -> None:
    engine = container_engine.ensure()

    assert container_engine.try_door(engine, place.image).git_door_host == place.git_door_host
    assert git_door.known(engine.api) == place.git_door_host


def test_networks_of_this_host_are_read_from_its_routes(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(ROUTES)

    assert list(routed(table)) == [Way("fg12ab", ipaddress.IPv4Network("10.213.1.16/28"))]


def test_a_block_with_machines_comes_last_and_one_with_another_checkouts_door_before_it() -> None:
    machines, door = BLOCKS[2][17], DOORS[3][17]
    taken = [ipaddress.IPv4Network((address, 32)) for address in (machines, door)]

    assert git_door.blocks(2, taken) == [4, 5, 6, 7, 0, 1, 3, 2]


def test_the_block_of_the_own_door_is_the_first_choice() -> None:
    door = DOORS[3][17]

    assert git_door.blocks(1, [ipaddress.IPv4Network((door, 32))], str(door))[0] == 3


@pytest.mark.parametrize("line", SAVED)
def test_rules_of_another_engine_are_known_by_their_bridge(line: str) -> None:
    found = neighbours.SHARED.match(line)
    assert found
    assert neighbours.bridge_of(**found.groupdict()) == ("" if "PREROUTING" in line else "fgother")


@pytest.mark.parametrize("line", ["-A DOCKER-USER -i fgother -j ACCEPT", "-A FORWARD -i fgother -j ACCEPT"])
def test_rules_that_no_engine_takes_away_are_left_alone(line: str) -> None:
    assert not neighbours.SHARED.match(line)
    assert neighbours.bridge_of("OUTPUT", "-j SOMETHING-ELSE") is None


def test_what_hangs_on_no_bridge_is_not_put_back() -> None:
    assert not neighbours.Rule("nat", "DOCKER", "fgnobridge", "-i fgnobridge -j RETURN").is_in_use
    assert neighbours.Rule("nat", "DOCKER", "lo", "-i lo -j RETURN").is_in_use


def test_this_hosts_own_address_is_its_own() -> None:
    here = git_door.own_address()
    if not here:
        pytest.skip("this host has no way out")
    with socket.create_server((here, 0)) as server:
        assert server.getsockname()[0] == here


def _hold(has_it: Event, until: Event, let_go: Event) -> None:
    assert ports.take(PORT)
    has_it.set()
    until.wait(20)
    claims.let_go()
    let_go.set()
    until.clear()
    until.wait(60)  # still there, and yet not in anybody's way


def test_two_starts_at_the_same_moment_take_different_ports() -> None:
    events = multiprocessing.get_context("spawn")
    has_it, until, let_go = events.Event(), events.Event(), events.Event()
    other = events.Process(target=_hold, args=(has_it, until, let_go), daemon=True)
    other.start()
    assert has_it.wait(20)
    assert ports.is_free(PORT)
    assert not ports.take(PORT)
    until.set()
    assert let_go.wait(20)
    assert ports.take(PORT)
    claims.let_go()
    other.kill()
