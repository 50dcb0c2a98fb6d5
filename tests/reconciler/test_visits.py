"""Visitors become numbers: one each and day, whoever reads, and nothing stays by which they could be known."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from provisioning.errors import TryAgain
from provisioning.front_door import MemoryDoor
from provisioning.front_door.visits import key_of
from provisioning.models import Deployment, Route, VisitLog, Visits
from provisioning.reconciler.visits import count_visits, take_in
from tests.front_door.test_reading_visits import came
from tests.makers import NOON, launch

TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def door() -> MemoryDoor:
    return MemoryDoor()


@pytest.fixture
def log(tmp_path: Path, db: None, door: MemoryDoor) -> Path:
    """The log on a day that has begun."""
    count_visits(NOON, door, tmp_path / "visits.log")
    return tmp_path / "visits.log"


@pytest.fixture
def service(db: None) -> Deployment:
    return at_address(launch(), "one.apps.localhost")


def at_address(deployment: Deployment, host: str, *, is_live: bool = True) -> Deployment:
    Route.objects.create(deployment=deployment, host=host, upstream_host="h", upstream_port=80, is_live=is_live)
    return deployment


def numbers(service: Deployment) -> dict[date, int]:
    return dict(service.visits.order_by("day").values_list("day", "number"))


def test_who_comes_twice_on_a_day_is_counted_once(log: Path, door: MemoryDoor, service: Deployment) -> None:
    came(log, 1, 2)
    count_visits(NOON, door, log)
    came(log, 2, 3, host="one.apps.localhost:8080")
    count_visits(NOON, door, log)
    assert numbers(service) == {NOON.date(): 3}


def test_a_new_day_has_a_new_key_and_counts_anew(log: Path, door: MemoryDoor, service: Deployment) -> None:
    came(log, 1, 2)
    before = door.visit_key
    count_visits(TOMORROW, door, log)
    assert before not in ("", door.visit_key)
    came(log, 1)
    count_visits(TOMORROW, door, log)
    assert numbers(service) == {NOON.date(): 2, TOMORROW.date(): 1}
    assert service.visits.total() == 3


def test_when_a_day_is_over_its_marks_go_and_its_number_stays(log: Path, door: MemoryDoor, service: Deployment) -> None:
    came(log, 1, 2)
    count_visits(TOMORROW, door, log)
    came(log, 3)
    count_visits(TOMORROW, door, log)
    Visits.objects.forget_marks()
    old, new = service.visits.order_by("day")
    assert (bytes(old.marks), old.number, bytes(new.marks)) == (b"", 2, bytes.fromhex("00000003"))


def test_of_two_who_read_the_same_lines_one_counts(log: Path, door: MemoryDoor, service: Deployment) -> None:
    came(log, 1)
    count_visits(NOON, door, log)
    slow = VisitLog.here()
    came(log, 2)
    count_visits(NOON, door, log)
    assert not slow.read_on(slow.file, 40)
    count_visits(TOMORROW, door, log)
    Visits.objects.forget_marks()
    came(log, 3)
    take_in(slow, log)
    assert (VisitLog.here().day, numbers(service)) == (TOMORROW.date(), {NOON.date(): 2})


def test_a_door_that_is_away_is_told_the_key_by_the_next_round(log: Path, door: MemoryDoor) -> None:
    door.away = 1
    with pytest.raises(TryAgain):
        count_visits(TOMORROW, door, log)
    count_visits(TOMORROW, door, log)
    assert door.visit_key == key_of(TOMORROW.date(), log)


def test_the_key_of_a_day_is_one_for_all_and_of_the_day_before_nothing_is_left(log: Path, door: MemoryDoor) -> None:
    old = door.visit_key
    assert {key_of(NOON.date(), log) for _ in range(3)} == {old}
    count_visits(TOMORROW, door, log)
    left = [file.read_text() for file in log.parent.iterdir() if file.is_file()]
    assert (len(left), old in "".join(left), door.visit_key in left[0]) == (1, False, True)


def test_visitors_of_an_address_are_those_of_whose_it_is_now(log: Path, door: MemoryDoor) -> None:
    later = at_address(launch(), "two.apps.localhost")
    at_address(launch(), "two.apps.localhost", is_live=False)
    came(log, 1, host="two.apps.localhost")
    came(log, 2, host="strange.example")
    count_visits(NOON, door, log)
    assert list(Visits.objects.values_list("deployment", "number")) == [(later.pk, 1)]
