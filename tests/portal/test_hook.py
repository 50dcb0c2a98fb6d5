"""The house's webhook: another program is told of every machine, made and gone, whatever dies in between."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from portal.desk.today import red_lines
from portal.hook import address, calls
from portal.models import User
from provisioning.models import Admission, Deployment, Entry, HookCall, House, Machine
from provisioning.phases import Happened, Phase
from provisioning.trying import try_place
from tests.faults.lines import Killed, Tracer, bury
from tests.makers import make_fabric
from tests.simulation import Simulation, key_of, ready

pytestmark = pytest.mark.thorough

KEY = "a key of sixteen"
SOON = timedelta(minutes=2)
STEP = 5
"""A prime, so that loops do not hide lines."""


class Monitor(ThreadingHTTPServer):
    """A program of the house that hears of machines."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hears)
        self.heard: list[tuple[dict[str, Any], str, bytes]] = []
        self.says = 204
        self.address = f"http://127.0.0.1:{self.server_port}/machines?from=fair"

    def said(self) -> list[str]:
        """What was said, in order."""
        return [told["what"] for told, _, _ in self.heard]


class Hears(BaseHTTPRequestHandler):
    """One call."""

    def do_POST(self) -> None:
        monitor = cast("Monitor", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        monitor.heard.append((json.loads(body), self.headers["Fairground-Signature"], body))
        self.send_response(monitor.says)
        self.send_header("Location", "http://169.254.169.254/latest/")
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def monitor(settings: Settings, transactional_db: None) -> Iterator[Monitor]:
    """One that the house tells, and that an admin trusts although it is in the house."""
    monitor = Monitor()
    Thread(target=monitor.serve_forever, daemon=True).start()
    settings.HOOK_TRUSTED = [monitor.address.partition("?")[0].rpartition("/")[0]]
    House(hook_address=monitor.address, hook_key=KEY).save()
    yield monitor
    monitor.shutdown()
    monitor.server_close()


@pytest.fixture
def world(tmp_path: Path, transactional_db: None) -> Simulation:
    """Our world in small."""
    return Simulation(tmp_path)


def ended(world: Simulation, deployment: Deployment) -> None:
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)


def test_a_machine_is_told_when_it_is_there_and_when_it_is_gone(world: Simulation, monitor: Monitor) -> None:
    deployment = ready(world)
    key = key_of(deployment)
    assert calls.tell(world.at) == 1
    ended(world, deployment)
    assert calls.tell(world.at) == 1
    assert calls.tell(world.at) == 0
    assert monitor.said() == ["machine.made", "machine.gone"]
    assert {told["machine"] for told, _, _ in monitor.heard} == {key}
    assert {(told["service"], told["place_id"]) for told, _, _ in monitor.heard} == {(deployment.name, key[:12])}


def test_what_is_told_is_signed_with_the_time(world: Simulation, monitor: Monitor) -> None:
    ready(world)
    calls.tell(world.at)
    ((_, signature, body),) = monitor.heard
    assert signature == calls.signed(KEY, body, world.at)
    assert signature != calls.signed("another key of some length", body, world.at)
    assert signature != calls.signed(KEY, body, world.at + timedelta(seconds=1))


def test_what_is_not_taken_is_told_again_ever_later_and_gone_never_overtakes_made(
    world: Simulation, monitor: Monitor
) -> None:
    deployment = ready(world)
    monitor.says = 503
    assert calls.tell(world.at) == 0
    assert calls.tell(world.at + timedelta(seconds=20)) == 0
    ended(world, deployment)
    for _ in range(4):
        calls.tell(world.at + SOON)
    assert monitor.said() == ["machine.made"] * 2
    monitor.says = 200
    assert calls.tell(world.at + timedelta(hours=1)) == 1
    assert calls.tell(world.at + timedelta(hours=1)) == 1
    assert monitor.said()[-2:] == ["machine.made", "machine.gone"]
    assert len({told["id"] for told, _, _ in monitor.heard}) == 2


def test_a_program_that_takes_nothing_is_a_red_line_until_it_does(world: Simulation, monitor: Monitor) -> None:
    ready(world)
    monitor.says = 503
    calls.tell(world.at)
    assert not red_lines([], world.at + timedelta(minutes=14))
    (line,) = red_lines([], world.at + timedelta(minutes=20))
    assert "has not taken 1 message, for 20 minutes. (status 503)" in line.what
    monitor.says = 200
    calls.tell(world.at + timedelta(hours=1))
    assert not red_lines([], world.at + timedelta(hours=1))


def test_after_three_days_it_is_given_up_and_told_in_the_timeline(world: Simulation, monitor: Monitor) -> None:
    ready(world)
    monitor.says = 500
    calls.tell(world.at)
    assert calls.tell(world.at + timedelta(days=3)) == 0
    assert calls.tell(world.at + timedelta(days=4)) == 0
    entry = Entry.objects.get(happened=Happened.HOOK)
    assert entry.deployment
    assert entry.told == {"what": "made", "why": "status 500"}
    assert len(monitor.heard) == 1


def test_a_machine_on_trial_is_told_to_nobody_and_hinders_no_other(world: Simulation, monitor: Monitor) -> None:
    assert try_place(make_fabric(), at=world.at)
    world.run_until(lambda: Machine.objects.filter(sighting__seen="running").exists())
    assert calls.tell(world.at) == 0
    ready(world)
    assert calls.tell(world.at) == 1


def test_nobody_is_told_where_no_address_is_set_and_none_in_quarantine(world: Simulation, monitor: Monitor) -> None:
    ready(world)
    Admission.objects.update(quarantined=True)
    assert calls.tell(world.at) == 0
    Admission.objects.update(quarantined=False)
    House.objects.update(hook_address="")
    assert calls.tell(world.at) == 0
    assert not monitor.heard
    assert not HookCall.objects.exists()


def test_a_call_that_leads_elsewhere_is_not_followed_and_not_taken(world: Simulation, monitor: Monitor) -> None:
    ready(world)
    monitor.says = 307
    assert calls.tell(world.at) == 0
    assert HookCall.objects.get().trouble == "status 307"


def test_a_private_address_is_told_nothing_unless_it_is_trusted(
    world: Simulation, monitor: Monitor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOOK_TRUSTED = []
    House.objects.update(hook_address="https://rebound.example.org/")
    monkeypatch.setattr(address, "resolve_host", lambda host: ["93.184.215.14", "127.0.0.1"])
    ready(world)
    assert calls.tell(world.at) == 0
    assert "not on the public internet" in HookCall.objects.get().trouble
    assert not monitor.heard


REFUSED = [
    "http://example.org/", "ftp://example.org/", "https://", "https://a:b@example.org/", "https://example.org/#x",
    "https://ex ample.org/", "https://[::1/", "javascript:alert(1)", "https://example.org:0/", "https://exämple.org/",
]  # fmt: skip


@pytest.mark.parametrize("where", REFUSED)
def test_an_address_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(address.AddressRefused):
        address.located(where)


def test_the_name_is_looked_up_once_and_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "resolve_host", lambda host: ["93.184.215.14"])
    target = address.located("https://example.org:8443/x?y=1")
    assert (target.at, target.url.hostname) == ("93.184.215.14", "example.org")


def deaths(again: Callable[[], None], at: datetime) -> Iterator[int]:
    """Die at each line of a round in turn, until a round ends before its death."""
    for deadly in count(1, STEP):
        again()
        try:
            Tracer(deadly).trace(lambda: calls.tell(at))
        except Killed:
            calls._round.acquire(blocking=False)
            calls._round.release()  # it died with its program
            bury()
            yield deadly
        else:
            return


def test_a_death_at_any_line_loses_nothing_and_turns_no_order_around(world: Simulation, monitor: Monitor) -> None:
    deployment = ready(world)
    calls.tell(world.at)
    machine = Machine.objects.get(deployment=deployment)
    ended(world, deployment)
    made = dict(HookCall.objects.values("machine_id", "what", "told", "created_at").get())

    def again() -> None:
        HookCall.objects.all().delete()
        HookCall.objects.create(**made, due_at=world.at)
        monitor.heard.clear()

    died = 0
    for died in deaths(again, world.at):
        for minutes in (2, 4, 6):
            calls.tell(world.at + timedelta(minutes=minutes))
        said = monitor.said()
        assert sorted(set(said)) == ["machine.gone", "machine.made"], f"after a death at {died}"
        assert said == sorted(said, reverse=True)
    assert died > 50
    assert machine.pk == made["machine_id"]


def test_an_administrator_sets_the_address_and_the_key_is_never_shown_again(
    client: Client, transactional_db: None, settings: Settings
) -> None:
    client.force_login(User.objects.create(email="ada@example.org", is_staff=True, is_superuser=True))
    page = client.get("/desk/settings")
    given = {name: field.value() or "" for name, field in _fields(page).items()}
    given |= {"hook_address": "https://monitor.example.org/fair", "hook_key": KEY}
    assert client.post("/desk/settings", given).status_code == 302
    assert House.here().hook_key == KEY
    assert KEY not in client.get("/desk/settings").content.decode()
    assert client.post("/desk/settings", given | {"hook_key": ""}).status_code == 302
    assert House.here().hook_key == KEY
    for wrong in ({"hook_address": "http://monitor.example.org/"}, {"hook_key": "short"}):
        assert client.post("/desk/settings", given | wrong).status_code == 200
    assert KEY.encode() not in _raw("hook_key")


def _fields(page: Any) -> dict[str, Any]:
    return {field.name: field for field in page.context["form"]}


def _raw(column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM provisioning_house")
        return str(cursor.fetchone()[0]).encode()
