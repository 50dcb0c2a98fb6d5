"""The front door, on a real Caddy."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.driver import Endpoint
from provisioning.errors import Blame, TryAgain
from provisioning.front_door import admin_api
from provisioning.front_door.admin_api import AdminApi
from provisioning.front_door.caddy import CaddyDoor
from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site, free_port
from tests.waiting import until

pytestmark = [pytest.mark.caddy, pytest.mark.thorough]


def line(number: int, upstream: Endpoint | None = None) -> RouteLine:
    return RouteLine(f"r{number}", f"s{number}.apps.localhost", upstream or Endpoint("127.0.0.1", 21000 + number))


def test_a_line_leads_its_host_to_its_upstream(caddy: Caddy, service: Site) -> None:
    caddy.door.put(line(1, service.endpoint), within=5)
    # Who comes at the very moment of a change may still meet the configuration of before.
    until("it leads there", lambda: caddy.get("s1.apps.localhost").text.endswith("the service itself"))
    assert service.asked[-1][2]["host"] == "s1.apps.localhost"


def test_a_line_can_be_read_back_moved_and_dropped(caddy: Caddy) -> None:
    door = caddy.door
    for wanted in (line(1), line(1), line(1, Endpoint("10.0.0.9", 80))):
        door.put(wanted, within=5)
        assert door.line("r1", within=5) == wanted
    assert door.lines(within=5) == [line(1, Endpoint("10.0.0.9", 80))]
    door.drop("r1", within=5)
    door.drop("r1", within=5)
    assert door.line("r1", within=5) is None


def test_many_workers_at_once_lose_no_line_and_drop_no_foreign_one(caddy: Caddy) -> None:
    door = caddy.door

    def live(number: int) -> None:
        door.put(line(number), within=20)
        if number % 2:
            door.drop(f"r{number}", within=20)
        else:
            door.put(line(number, Endpoint("10.0.0.1", number + 1)), within=20)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(live, range(60)))
    expected = {f"r{number}": number + 1 for number in range(0, 60, 2)}
    assert {one.name: one.upstream.port for one in door.lines(within=5) if one.upstream} == expected


def test_two_workers_who_put_the_same_line_make_one(caddy: Caddy) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: caddy.door.put(line(7), within=20), range(24)))
    assert caddy.door.lines(within=5) == [line(7)]


def test_a_host_is_never_led_to_two_places(caddy: Caddy) -> None:
    caddy.door.put(line(1), within=5)
    with pytest.raises(TryAgain, match="front-door-away"):
        caddy.door.put(RouteLine("another", "s1.apps.localhost", Endpoint("127.0.0.1", 9)), within=5)
    assert caddy.door.lines(within=5) == [line(1)]


def test_lines_survive_a_kill_of_caddy(caddy: Caddy) -> None:
    caddy.door.put(line(1), within=5)
    caddy.kill()
    caddy.start("--resume")
    assert caddy.door.line("r1", within=5) == line(1)


def test_a_door_that_came_back_empty_is_filled_from_the_rows_once(caddy: Caddy) -> None:
    caddy.kill()
    caddy.start()
    rows = [line(2), line(1)]
    assert caddy.door.ensure_base(caddy.base, rows, within=5) is True
    assert caddy.door.ensure_base(caddy.base, rows, within=5) is False
    assert caddy.door.ensure_base(caddy.base, rows[:1], within=5) is True
    assert caddy.door.lines(within=5) == [line(2)]


def test_without_our_base_the_door_is_away_rather_than_wrong(caddy: Caddy) -> None:
    api = AdminApi(caddy.base.admin)
    api.call("POST", "/config/", {"admin": {"listen": caddy.base.admin, "origins": ["fairground"]}}, within=5)
    with pytest.raises(TryAgain) as told:
        caddy.door.put(line(1), within=5)
    assert (told.value.code, told.value.blame) == ("front-door-away", Blame.PORTAL)
    caddy.door.ensure_base(caddy.base, [line(1)], within=5)
    assert caddy.door.line("r1", within=5) == line(1)


def test_a_dead_caddy_is_told_as_such(caddy: Caddy) -> None:
    caddy.kill()
    with pytest.raises(TryAgain, match="front-door-away"):
        caddy.door.line("r1", within=5)


@pytest.mark.parametrize("is_late", [False, True])
def test_an_answer_that_came_before_the_question_was_out_is_read(
    monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    """Of a busy computer: Caddy has answered and closed before we get to the question's end, or to its second word."""
    wires = [socket.socketpair() for _ in range(1 + is_late)]
    wires[-1][1].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    for _, theirs in wires:
        theirs.close()
    monkeypatch.setattr(admin_api, "SWAP", 0.0)
    monkeypatch.setattr(AdminApi, "_connection", lambda *_: wires.pop(0)[0])
    assert AdminApi("unix//nowhere").call("GET", "/config/", within=5).data == {}


def test_an_admin_api_that_hangs_is_given_up_in_time(service: Site) -> None:
    service.shutdown()  # it listens, and nobody answers
    with pytest.raises(TryAgain, match="front-door-away"):
        CaddyDoor(AdminApi(f"127.0.0.1:{service.server_port}")).line("r1", within=0.3)


@pytest.mark.parametrize("bad", ["{env.SECRET_KEY}", "a b", "UPPER.apps.localhost", ""])
def test_nothing_that_caddy_would_expand_gets_into_a_line(bad: str) -> None:
    door = CaddyDoor(AdminApi(f"127.0.0.1:{free_port()}"))
    with pytest.raises((ValueError, TryAgain)):
        door.put(RouteLine("r1", bad, Endpoint("127.0.0.1", 80)), within=1)
    with pytest.raises(ValueError, match="cannot name"):
        door.line("../config", within=1)
