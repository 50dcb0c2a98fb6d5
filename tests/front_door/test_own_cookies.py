"""Where services have ports instead of names: each has its own cookies, and the portal's are nobody else's."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site

pytestmark = [pytest.mark.thorough, pytest.mark.caddy]
LAN = "127.0.0.1"


def neighbours() -> int:
    """The first of three ports in a row that nobody listens on."""
    while True:
        with ExitStack() as taken, socket.create_server((LAN, 0)) as first:
            port = int(first.getsockname()[1])
            try:
                for further in (1, 2):
                    taken.enter_context(socket.create_server((LAN, port + further)))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture
def first() -> int:
    return neighbours()


@pytest.fixture
def lan(portal: Site, service: Site, first: int) -> Iterator[Caddy]:
    """Two services at two ports; the third leads nowhere."""
    with tempfile.TemporaryDirectory(prefix="fd") as folder, ExitStack() as last:
        running = Caddy(Path(folder), portal, lan=f"{LAN}:{first}-{first + 2}")
        last.callback(running.kill)
        running.start()
        for number in (0, 1):
            running.door.put(RouteLine(f"r{number}", f"{LAN}:{first + number}", service.endpoint), within=5)
        yield running


def ask(port: int, path: str = "/", **headers: str) -> httpx.Response:
    return httpx.get(f"http://{LAN}:{port}{path}", headers={"Accept": "text/html"} | headers, trust_env=False)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("fairground-session=mine; s{0}-wiki=a; s{1}-wiki=b; s{0}-theme=c", "wiki=a; theme=c"),
        ("s{0}-wiki=a", "wiki=a"),
        ("s{0}-wiki=a;s{1}-wiki=b;s{0}-x=s{0}-y", "wiki=a; x=s{0}-y"),
        ("fairground-session=mine", ""),
        ("x=1; s{1}-s{0}-wiki=b", ""),
        ("=s{0}-wiki=b; ;; s{0}-q=1", "q=1"),
    ],
)
def test_a_service_sees_its_own_cookies_alone(lan: Caddy, service: Site, first: int, sent: str, seen: str) -> None:
    ask(first, Cookie=sent.format(first, first + 1))
    assert service.asked[-1][2].get("cookie", "") == seen.format(first, first + 1)


def test_a_service_can_set_no_cookie_of_the_portal_or_of_another(lan: Caddy, service: Site, first: int) -> None:
    service.pages["/"] = (200, {"Set-Cookie": "fairground-session=planted; Path=/; HttpOnly"}, b"hello")
    assert ask(first).headers["set-cookie"] == f"s{first}-fairground-session=planted; Path=/; HttpOnly"
    assert ask(first + 1).headers["set-cookie"].startswith(f"s{first + 1}-fairground-session=")


def test_a_port_without_a_service_shows_the_portals_page(lan: Caddy, portal: Site, first: int) -> None:
    portal.pages[f"/door/{LAN}:{first + 2}"] = (404, {}, b"nothing here")
    page = ask(first + 2, Cookie="fairground-session=mine")
    assert (page.status_code, page.text, page.headers["x-fairground-door"]) == (404, "nothing here", "none")
    assert "cookie" not in portal.asked[-1][2]


def test_another_host_name_at_these_ports_is_nobodys(lan: Caddy, first: int) -> None:
    assert ask(first, Host=f"evil.example:{first}").text == "There is nothing at this address.\n"


def test_a_line_with_a_port_can_be_read_back_and_dropped(lan: Caddy, first: int) -> None:
    line = lan.door.line("r0", within=5)
    assert line is not None
    assert line.host == f"{LAN}:{first}"
    lan.door.drop("r0", within=5)
    assert lan.door.line("r0", within=5) is None
