"""`up --listen`: a computer room without DNS, seen from a phone."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest
from playwright.sync_api import Page

from cli.visitor import Visitor
from tests.e2e.portal import Portal
from tests.e2e.service import Service
from tests.front_door.phone import Phone, phone

pytestmark = [
    pytest.mark.engine,
    pytest.mark.caddy,
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network for a phone"),
]


@pytest.fixture(scope="module")
def handset() -> Iterator[Phone]:
    with phone() as plugged:
        yield plugged


class Room(Portal):
    """A portal for the network that the phone is on. Its administrator is whoever launches."""

    address: str
    password: str

    @cached_property
    def ada(self) -> Visitor:
        visitor = Visitor(f"http://localhost:{self.port}", self.apps_port)
        visitor.look("/accounts/login/")
        visitor.press("/accounts/login/", login="admin@localhost", password=self.password)
        return visitor

    def start(self) -> str:
        ports = ["--port", str(self.port), "--apps-port", str(self.apps_port)]
        began = self.fairground("up", "--yes", "--detach", "--listen", self.address, *ports)
        assert began.returncode == 0, began.stdout + began.stderr
        return began.stdout


@pytest.fixture(scope="module")
def room(handset: Phone) -> Iterator[Room]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as folder, ExitStack() as last:
        Path(folder).chmod(0o711)  # its engine may be another user
        here = Room(Path(folder))
        here.address = handset.here
        for step in (here.engine.close, here.clear_away, lambda: here.fairground("down")):
            last.callback(step)
        told = here.start()
        assert f"reach it at http://{handset.here}:{here.port}" in told
        assert "▀" in told or "█" in told  # the QR code
        here.password = told.partition("password")[2].split()[0]
        here.shelve_tiny()
        yield here


@pytest.fixture(scope="module")
def service(room: Room) -> Service:
    launched = room.launch("tiny")
    launched.reaches("ready")
    return launched


@pytest.fixture(scope="module")
def page(handset: Phone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with handset.browser(tmp_path_factory.mktemp("phone")) as opened:
        yield opened


def test_a_phone_sees_the_portal_and_the_service_at_a_port_of_its_own(
    room: Room, service: Service, handset: Phone, page: Page
) -> None:
    page.goto(f"http://{handset.here}:{room.port}/")
    assert "Fairground" in page.title()
    page.goto(f"http://{handset.here}:{service.row['port']}/")
    assert "Tiny is here" in page.content()


def test_people_are_told_the_address_that_leads_there(room: Room, service: Service, handset: Phone) -> None:
    shown = service.by.look(f"/services/{service.key}")
    assert f"http://{handset.here}:{service.row['port']}/" in shown
    assert "apps.localhost" not in shown


def test_a_port_that_is_nobodys_shows_our_page_in_our_clothes(room: Room, handset: Phone, page: Page) -> None:
    answer = page.goto(f"http://{handset.here}:8399/")
    assert answer
    assert (answer.status, answer.headers["x-fairground-door"]) == (404, "none")
    assert "nothing at this address" in page.content()


def test_the_mailbox_is_still_for_this_computer_alone(room: Room, handset: Phone, page: Page) -> None:
    answer = page.goto(f"http://{handset.here}:{room.port}/mailbox")
    assert answer
    assert answer.status == 404


def test_a_service_that_ended_is_ended_at_its_port_and_not_anothers(
    room: Room, service: Service, handset: Phone, page: Page
) -> None:
    port = service.row["port"]
    service.end()
    service.reaches("gone")
    another = room.launch("tiny")
    assert another.row["port"] != port
    answer = page.goto(f"http://{handset.here}:{port}/")
    assert answer
    assert answer.status == 410


def test_without_the_local_network_services_have_names_again(room: Room) -> None:
    assert room.fairground("down").returncode == 0
    room.address = "localhost"
    told = room.start()
    assert f"Fairground is at http://localhost:{room.port}" in told
    assert "reach it at" not in told
