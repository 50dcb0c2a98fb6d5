"""In a real browser: the portal and services at ports of one host, whose cookies browsers send to all of them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page

from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site
from tests.front_door.test_own_cookies import LAN, neighbours
from tests.portal.site import chromium

pytestmark = [pytest.mark.caddy, pytest.mark.browser]
TOSS = b"<script>document.cookie = 'fairground-session=planted; Path=/'; document.cookie = 'own=1'</script>"


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


@pytest.fixture
def two(portal: Site, service: Site) -> Iterator[tuple[str, str]]:
    """The addresses of two services on the portal's own host."""
    first = neighbours()
    portal.pages["/"] = (200, {"Set-Cookie": "fairground-session=mine; Path=/; HttpOnly; SameSite=Lax"}, b"the portal")
    service.pages["/"] = (200, {"Set-Cookie": "wiki=theirs; Path=/"}, b"a service")
    service.pages["/evil"] = (200, {"Set-Cookie": "fairground-session=planted; Path=/; HttpOnly"}, TOSS)
    with tempfile.TemporaryDirectory(prefix="fd") as folder, ExitStack() as last:
        running = Caddy(Path(folder), portal, lan=f"{LAN}:{first}-{first + 2}")
        last.callback(running.kill)
        running.start()
        for number in (0, 1):
            running.door.put(RouteLine(f"r{number}", f"{LAN}:{first + number}", service.endpoint), within=5)
        yield f"http://{LAN}:{first}/", f"http://{LAN}:{first + 1}/"


def cookies(site: Site) -> str:
    pages = [headers for _, path, headers in site.asked if path != "/favicon.ico"]
    return pages[-1].get("cookie", "")


def test_no_service_sees_the_portals_cookie_or_anothers(
    page: Page, portal: Site, service: Site, two: tuple[str, str]
) -> None:
    page.goto(f"http://{LAN}:{portal.server_port}/")
    page.goto(two[0])
    assert cookies(service) == ""
    page.goto(two[0])
    assert cookies(service) == "wiki=theirs"
    page.goto(two[1])
    assert cookies(service) == ""


def test_no_service_changes_the_portals_cookie(page: Page, portal: Site, service: Site, two: tuple[str, str]) -> None:
    page.goto(f"http://{LAN}:{portal.server_port}/")
    page.goto(f"{two[0]}evil")
    portal.pages["/"] = (200, {}, b"the portal")
    page.goto(f"http://{LAN}:{portal.server_port}/")
    assert "fairground-session=mine" in cookies(portal)
    assert "fairground-session=planted" not in cookies(portal).replace("-fairground-session", "")


def test_a_service_cannot_read_the_portals_cookie(page: Page, portal: Site, two: tuple[str, str]) -> None:
    page.goto(f"http://{LAN}:{portal.server_port}/")
    page.goto(two[0])
    assert "fairground-session" not in page.evaluate("document.cookie")
