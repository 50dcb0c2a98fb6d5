"""What the owner of a service reads of its move: before, on the way, afterwards, and where it stayed after all."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from portal.models import User
from portal.pages.progress import progress
from portal.pages.service import moments, service_page
from provisioning.models import Deployment, Entry, Fabric
from provisioning.phases import Happened, Stand
from provisioning.slots import new_machine
from tests.makers import NOON, make_event
from tests.portal import scenes
from tests.portal.scenes import change
from tests.portal.test_words import FORBIDDEN

BUILDING = {"phase": "building", "building_since": NOON}
STAYED = {"move_problem": "machine-never-started"}


@pytest.fixture
def service(owner: User, now: datetime) -> Deployment:
    """One that was asked to leave a place that is cleared."""
    made = scenes.ready(make_event(owner, at=now), at=now, title="Notice board")
    Fabric.objects.update(name="Room 12", is_open=False)
    change(made, move_asked_at=now)
    return made


def next_machine(service: Deployment, stand: Stand = Stand.NEXT) -> None:
    place, _ = Fabric.objects.get_or_create(name="Room 14", kind="memory")
    new_machine(service, place, "main", 1, NOON, stand=stand).save(force_insert=True)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"waits_for": "no-room-elsewhere"}, "As soon as one has, it moves there by itself"),
        ({}, "It moves to another place, as soon as a machine is ready there; until then it runs on."),
        ({**STAYED}, "within 5 minutes. It runs on at Room 12, and nothing was lost. It is tried again"),
        ({**STAYED, "move_asked_at": None}, "and nothing was lost. You need do nothing; they know."),
        ({**BUILDING, "moving_since": NOON}, "moving from Room 12 to another place. It is copied, the copy is put up"),
        ({**BUILDING, **STAYED}, "It did not move: it is opened again at Room 12, where it was"),
    ],
)
def test_its_page_tells_how_the_move_stands(
    visit: Client, service: Deployment, told: dict[str, Any], read: str
) -> None:
    change(service, **told)
    why: dict[str, Any] = {"did": "stayed", "origin": "Room 12", "target": "", "code": "", "params": {"minutes": 5}}
    Entry.objects.write(service, Happened.MOVE, at=NOON, cause="move:1", **why)
    page = " ".join(strip_tags(visit.get(f"/services/{service.key}").content.decode()).split())
    assert read in page
    assert FORBIDDEN.findall(page) == []


def test_both_places_are_named_as_soon_as_both_are_known(visit: Client, service: Deployment) -> None:
    next_machine(service)
    assert b"It moves to Room 14, as soon as" in visit.get(f"/services/{service.key}/live").content
    change(service, **BUILDING, moving_since=NOON)
    assert b"It is moving from Room 12 to Room 14." in visit.get(f"/services/{service.key}/live").content


def test_the_last_bit_of_the_way_is_told_too(visit: Client, service: Deployment) -> None:
    service.machines.update(stand=Stand.BEFORE)
    next_machine(service, Stand.MAIN)
    change(service, **BUILDING, move_asked_at=None)
    assert b"It has gone from Room 12 to Room 14, and is opened" in visit.get(f"/services/{service.key}").content


def test_those_who_only_take_part_read_of_no_place(service: Deployment, now: datetime) -> None:
    assert service_page(service, may_change=False, may_look_inside=True, now=now).move
    assert not service_page(service, may_change=False, may_look_inside=False, now=now).move


def test_a_place_that_was_opened_again_says_nothing_of_an_old_move(visit: Client, service: Deployment) -> None:
    change(service, move_asked_at=None, **STAYED)
    assert b'id="move"' in visit.get(f"/services/{service.key}").content
    Fabric.objects.update(is_open=True)
    assert b'id="move"' not in visit.get(f"/services/{service.key}").content


@pytest.mark.parametrize(
    ("step", "now_is", "n_done"),
    [("unpublish", "Making a copy of what is in it", 0), ("hand_on", "Making a copy of what is in it", 0),
     ("next_ready", "Getting it ready at the other place", 1), ("swap", "Putting it at its address", 3)],
)  # fmt: skip
def test_its_steps_are_those_of_the_move(service: Deployment, step: str, now_is: str, n_done: int) -> None:
    change(service, **BUILDING, moving_since=NOON, step=step)
    shown = progress(service, service.machine(), usually=None, now=NOON)
    assert (shown.now, sum(line.state == "done" for line in shown.lines), len(shown.lines)) == (now_is, n_done, 5)


def test_what_was_done_tells_of_every_move(service: Deployment) -> None:
    way: dict[str, Any] = {"origin": "Room 12", "target": "Room 14"}
    Entry.objects.write(service, Happened.PHASE, at=NOON, cause="a", phase="building", was="ready", moves=way)
    for at, did in enumerate(("moved", "moved-anew", "stayed")):
        Entry.objects.write(service, Happened.MOVE, at=NOON, cause=f"b{at}", did=did, **way)
    told = [moment.words for moment in moments(service)]
    for words in (
        "It is on its way from Room 12 to Room 14.",
        "It moved from Room 12 to Room 14, with all that was in it.",
        "It moved from Room 12 to Room 14, and was put up there anew",
        "It did not move, and stayed at Room 12. Nothing was taken from it.",
    ):
        assert [line for line in told if line.startswith(words)], words
