"""The portal and services over https, behind a real Caddy with a certificate of its own authority."""

import os
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.home import CHECKOUT
from provisioning.driver import Endpoint
from provisioning.front_door.tls import Tls
from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site, free_port, site
from tests.waiting import until

pytestmark = [pytest.mark.caddy, pytest.mark.thorough]
VISITOR = "127.0.0.2"
"""Where the visitor's connections come from; the proxies' own come from 127.0.0.1, which is trusted."""


@dataclass
class Web:
    """A portal's web program with a database of its own; looks like a Site to the front door."""

    folder: Path
    secure_port: int
    port: int

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.port)

    def env(self) -> dict[str, str]:
        told = {"SITE_URL": f"https://fair.example:{self.secure_port}", "ALLOWED_HOSTS": "fair.example,localhost"}
        told |= {"FAIRGROUND_HOME": str(self.folder), "TRUSTED_PROXIES": "127.0.0.1", "STATIC_HASHED": "0"}
        told |= {"APPS_DOMAIN": "apps.example", "DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": ""}
        return {name: text for name, text in (os.environ | told).items() if text}


@dataclass
class House:
    """Everything that stands, and a visitor in front of it."""

    caddy: Caddy
    service: Site
    secure_port: int
    plain_port: int

    def get(self, name: str, path: str = "/", *, over: str = "https", **headers: str) -> httpx.Response:
        port = self.secure_port if over == "https" else self.plain_port
        wire = httpx.HTTPTransport(verify=self.trust(), local_address=VISITOR)
        with httpx.Client(transport=wire, timeout=20) as client:
            told = {"Host": f"{name}:{port}", "Accept": "text/html"} | headers
            asked = client.build_request("GET", f"{over}://127.0.0.1:{port}{path}", headers=told)
            asked.extensions["sni_hostname"] = name
            return client.send(asked)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.caddy.folder / "data/caddy/pki/authorities/local/root.crt")


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="fd") as folder, ExitStack() as last:
        secure, plain = free_port(), free_port()
        web = Web(Path(folder) / "home", secure, free_port())
        web.folder.mkdir()
        _start(web, last)
        service = last.enter_context(site())
        service.pages["/"] = (200, {}, b"the service itself")
        caddy = Caddy(Path(folder), web, trusted=("127.0.0.1",), tls=Tls(f":{secure}", f":{plain}"))  # type: ignore[arg-type]
        caddy.portal_host, caddy.apps_domain = f"fair.example:{secure}", "apps.example"
        last.callback(caddy.kill)
        caddy.start()
        caddy.door.put(RouteLine("r1", "wiki-1.apps.example", service.endpoint), within=5)
        here = House(caddy, service, secure, plain)
        until("certificates for both names, and a portal behind them", lambda: _answers(here))
        yield here


def _start(web: Web, last: ExitStack) -> None:
    words: dict[str, Any] = {"env": web.env(), "cwd": CHECKOUT, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], check=True, **words)
    program = subprocess.Popen([sys.executable, "-m", "portal.server.serve", f"127.0.0.1:{web.port}"], **words)
    last.callback(program.wait, 20)
    last.callback(program.send_signal, signal.SIGTERM)


def _answers(house: House) -> bool:
    try:
        return all(house.get(name, "/healthz").status_code < 500 for name in ("fair.example", "wiki-1.apps.example"))
    except (httpx.HTTPError, OSError):
        return False


def test_the_portal_is_only_for_https_and_says_so_to_browsers(house: House) -> None:
    page = house.get("fair.example", "/accounts/login/")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert "__Host-csrf=" in page.headers["set-cookie"]
    assert "; Secure" in page.headers["set-cookie"]


@pytest.mark.parametrize("name", ["fair.example", "wiki-1.apps.example"])
def test_whoever_comes_without_tls_is_sent_to_it(house: House, name: str) -> None:
    page = house.get(name, "/some/where?x=1", over="http")
    assert page.status_code == 308
    assert page.headers["location"] == f"https://{name}:{house.secure_port}/some/where?x=1"


def test_a_service_is_told_who_came_and_how(house: House) -> None:
    page = house.get("wiki-1.apps.example", **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "gopher"})
    assert page.text == "the service itself"
    seen = house.service.asked[-1][2]
    assert (seen["x-forwarded-proto"], seen["x-forwarded-for"]) == ("https", f"{VISITOR}, 127.0.0.1")


def test_an_address_without_a_service_shows_the_portals_page(house: House) -> None:
    page = house.get("nobody-1.apps.example")
    assert (page.status_code, page.headers["x-fairground-door"]) == (404, "none")
    assert "There is nothing at this address" in page.text


@pytest.mark.parametrize("path", ["/mailbox", "/metrics"])
def test_what_is_for_this_computer_alone_is_for_no_visitor(house: House, path: str) -> None:
    assert house.get("fair.example", path).status_code == 404
    assert house.get("fair.example", path, **{"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_another_name_is_nobodys(house: House) -> None:
    with pytest.raises(httpx.ConnectError):
        house.get("evil.example")


def test_while_the_portal_is_away_its_own_name_has_a_page_too() -> None:
    with tempfile.TemporaryDirectory(prefix="fd") as folder, ExitStack() as last:
        secure, plain = free_port(), free_port()
        caddy = Caddy(Path(folder), Site(), trusted=("127.0.0.1",), tls=Tls(f":{secure}", f":{plain}"))
        caddy.portal.close()
        caddy.portal_host, caddy.apps_domain = f"fair.example:{secure}", "apps.example"
        last.callback(caddy.kill)
        caddy.start()
        here = House(caddy, caddy.portal, secure, plain)
        until("a certificate", (caddy.folder / "data/caddy/pki/authorities/local/root.crt").exists)
        until("both names", lambda: _shows_closed(here))


def _shows_closed(house: House) -> bool:
    try:
        pages = [house.get(name, "/home") for name in ("fair.example", "wiki-1.apps.example")]
    except (httpx.HTTPError, OSError):
        return False
    told = {
        (page.status_code, page.headers.get("x-fairground-door"), page.headers.get("retry-after")) for page in pages
    }
    return told == {(503, "closed", "30")} and all("cannot be shown right now" in page.text for page in pages)
