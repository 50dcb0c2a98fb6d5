"""What happens to launches when parts of the portal, a machine, or the engine die under them."""

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.portal import PROGRAMS, Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
WORKERS = ("up", "clicks", "sweep")
"""`up` first: it would start the others again."""
ONCE = ["run", "done"]


@pytest.fixture
def at_the_gate(portal: Portal) -> Iterator[Service]:
    """A launch in the middle of its installer, which goes on when somebody opens the gate."""
    service = portal.launch("tiny-gate")
    service.is_at("install")
    until("the installer runs", lambda: service.has("/srv/tiny/runs"))
    yield service
    service.end()


def runs(service: Service) -> list[str]:
    """What the installer left: a word when it began, a word when it ended."""
    return [line.split()[0] for line in service.inside("cat", "/srv/tiny/runs").splitlines()]


def open_gate(service: Service) -> None:
    service.inside("touch", "/srv/tiny/open")


def test_an_installer_runs_on_and_runs_once_when_all_workers_are_killed(portal: Portal, at_the_gate: Service) -> None:
    portal.kill(*WORKERS)
    open_gate(at_the_gate)
    until("it ended without the portal", lambda: runs(at_the_gate) == ONCE)
    assert at_the_gate.row["phase"] == "building"
    portal.start()
    at_the_gate.reaches("ready")
    assert runs(at_the_gate) == ONCE
    assert "Tiny is here" in at_the_gate.page().text


def test_everything_killed_at_one_instant_converges_after_the_next_start(portal: Portal, at_the_gate: Service) -> None:
    open_ones, ending, begun = portal.launch("tiny"), portal.launch("tiny"), portal.launch("tiny")
    open_ones.reaches("ready")
    ending.reaches("ready")
    ending.end()
    portal.kill(*PROGRAMS)
    open_gate(at_the_gate)
    portal.start()
    ending.reaches("gone")
    for service in (open_ones, begun, at_the_gate):
        service.reaches("ready")
        assert "Tiny is here" in service.page().text
        assert runs(service) == ONCE
    assert ending.machine["key"] not in portal.roll_call()
    for service in (open_ones, begun):
        service.end()


def test_a_machine_destroyed_from_outside_is_noticed_told_and_cleaned_up(portal: Portal) -> None:
    service = portal.launch("tiny")
    service.reaches("ready")
    lost = service.machine
    service.container.remove(force=True, v=True)
    service.reaches("failed")
    told = portal.rows("SELECT told FROM provisioning_entry WHERE happened = 'problem' AND machine_id = ?", lost["id"])
    assert [json.loads(row["told"])["code"] for row in told] == ["machine-died"]
    until("its room is free", lambda: service.machine["phase"] == "gone")
    assert service.machine["settled"] == "lost"
    assert portal.left_of(lost["key"]) == []
    assert "is not there any more" in service.by.look(f"/services/{service.key}")

    service.press("Try again")
    service.reaches("ready")
    assert service.machine["id"] != lost["id"]
    service.end()


def test_while_the_engine_is_away_pages_answer_and_launches_wait(portal: Portal) -> None:
    with portal.engine.away():
        service = portal.launch("tiny")
        until("it is told", lambda: service.machine.get("problem") == "place-away")
        assert "does not answer" in service.by.look(f"/services/{service.key}")
    service.reaches("ready")
    service.end()


def test_a_broker_that_forgets_everything_loses_nothing(portal: Portal) -> None:
    service = portal.launch("tiny-gate")
    _empty(portal)
    service.is_at("install")
    _empty(portal)
    until("the installer runs", lambda: service.has("/srv/tiny/runs"))
    open_gate(service)
    _empty(portal)
    service.reaches("ready")
    service.end()
    _empty(portal)
    service.reaches("gone")


def _empty(portal: Portal) -> None:
    """As somebody does who wants to start afresh: with all that is in it."""
    for entry in (portal.folder / "home" / "broker").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)
