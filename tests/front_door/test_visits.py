"""Visitors as a real Caddy notes them: a mark each, and nothing by which anybody could be known."""

import json
from pathlib import Path
from typing import Any

import pytest

from provisioning.driver import Endpoint
from provisioning.front_door.visits import Place, Visits, read
from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site
from tests.waiting import until

pytestmark = [pytest.mark.caddy, pytest.mark.thorough]
HOST = "s1.apps.localhost"
FIREFOX, SAFARI = "Mozilla/5.0 Firefox/140", "Mozilla/5.0 Safari/605"
NOBODY = ("Googlebot/2.1", "bingbot/2.0", "fairground-probe", "Mozilla/5.0 HeadlessChrome/140", "Baiduspider")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "visits" / "visits.log"


@pytest.fixture
def counting(caddy: Caddy, service: Site, log: Path) -> Caddy:
    """A front door that counts, with one service behind it."""
    caddy.kill()
    caddy.visits = Visits(str(log))
    caddy.start()
    caddy.door.put(RouteLine("r1", HOST, service.endpoint), within=5)
    caddy.door.mark_visits("key-of-monday", within=5)
    return caddy


def lines(log: Path, n: int) -> list[dict[str, Any]]:
    """As many lines as there will be."""
    until("the log is written", lambda: log.exists() and log.read_text().count("\n") >= n)
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_one_visitor_is_one_mark_and_two_are_two(counting: Caddy, log: Path) -> None:
    for browser in (FIREFOX, SAFARI, FIREFOX):
        assert counting.get(HOST, User_Agent=browser).status_code == 200
    lines(log, 3)
    seen, _ = read(log, Place())
    assert ({host for host, _ in seen}, len(seen)) == ({HOST}, 2)


def test_nothing_of_a_visitor_is_noted_but_the_mark(counting: Caddy, log: Path) -> None:
    counting.get(HOST, "/?secret=7", User_Agent=FIREFOX, Cookie="a=secret", X_Secret="b", Referer="http://secret")
    (line,) = lines(log, 1)
    assert set(line) == {"level", "ts", "logger", "msg", "request", "user_id", "status"}
    assert (set(line["request"]), len(line["user_id"])) == ({"host"}, 8)
    assert not any(word in log.read_text() for word in ("secret", "Firefox", "127.0.0.1", "key-of"))


def test_robots_our_own_programs_and_the_doors_pages_are_not_counted(counting: Caddy, log: Path) -> None:
    for robot in NOBODY:
        counting.get(HOST, User_Agent=robot)
    counting.get("nothing.apps.localhost", User_Agent=FIREFOX)
    counting.get(HOST, "/no-such-page", User_Agent=FIREFOX)
    counting.get(HOST, User_Agent="Mozilla/5.0 (Linux; Android 9; CUBOT X18)")
    assert [line["status"] for line in lines(log, 2)] == [404, 200]
    assert len(read(log, Place())[0]) == 1


def test_with_another_key_the_same_visitor_has_another_mark(counting: Caddy, log: Path) -> None:
    counting.get(HOST, User_Agent=FIREFOX)
    for _ in range(2):
        counting.door.mark_visits("key-of-tuesday", within=5)
    counting.get(HOST, User_Agent=FIREFOX)
    counting.kill()
    counting.start("--resume")
    counting.get(HOST, User_Agent=FIREFOX)
    monday, tuesday, later = [line["user_id"] for line in lines(log, 3)]
    assert (monday != tuesday, tuesday == later) == (True, True)


def test_before_a_key_is_told_nobody_is_counted(counting: Caddy, log: Path) -> None:
    counting.kill()
    counting.start()
    counting.door.put(RouteLine("r1", HOST, Endpoint("127.0.0.1", counting.portal.server_port)), within=5)
    counting.portal.pages["/"] = (200, {}, b"a page")
    assert counting.get(HOST, User_Agent=FIREFOX).status_code == 200
    lines(log, 1)
    assert read(log, Place())[0] == set()


def test_a_door_that_counts_nobody_is_asked_to_mark_in_vain(caddy: Caddy) -> None:
    caddy.door.mark_visits("key", within=5)
    assert caddy.door.lines(within=5) == []


def test_a_log_that_cannot_be_written_keeps_nobody_out(caddy: Caddy, service: Site) -> None:
    caddy.kill()
    caddy.visits = Visits("/proc/nowhere/visits.log")
    caddy.start()
    caddy.door.put(RouteLine("r1", HOST, service.endpoint), within=5)
    assert caddy.get(HOST, User_Agent=FIREFOX).status_code == 200
