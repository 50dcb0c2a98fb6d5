"""The log of visitors as files: read on from where it was left, whatever became of them meanwhile."""

import json
from pathlib import Path

import pytest

from provisioning.front_door.visits import Place, read


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "visits.log"


def came(log: Path, *marks: int, host: str = "one.apps.localhost", status: int = 200) -> None:
    """Write as the front door does."""
    with log.open("a") as lines:
        for mark in marks:
            told = {"request": {"host": host}, "user_id": f"{mark:08x}", "status": status}
            lines.write(json.dumps(told) + "\n")


def marks(log: Path, after: Place) -> tuple[list[int], Place]:
    seen, place = read(log, after)
    return sorted(int(mark, 16) for _, mark in seen), place


def test_each_line_is_read_once(log: Path) -> None:
    came(log, 1, 2, 2)
    first, place = marks(log, Place())
    came(log, 3)
    assert (first, marks(log, place)[0], read(log, marks(log, place)[1])[0]) == ([1, 2], [3], set())


def test_half_a_line_waits_for_its_end(log: Path) -> None:
    came(log, 1)
    whole = log.read_text()
    log.write_text(whole + whole[:20])
    first, place = marks(log, Place())
    log.write_text(whole + whole.replace("00000001", "00000002"))
    assert (first, marks(log, place)[0]) == ([1], [2])


def test_what_was_rolled_is_read_to_its_end_before_the_new_file(log: Path) -> None:
    came(log, 1)
    _, place = marks(log, Place())
    came(log, 2)
    log.rename(log.with_name("visits-2026-11-21T10-00-00.000.log"))
    came(log, 3)
    found, place = marks(log, place)
    assert (found, marks(log, place)[0]) == ([2, 3], [])


def test_where_the_file_that_was_read_is_gone_the_rest_is_read(log: Path) -> None:
    came(log, 1)
    _, place = marks(log, Place())
    log.rename(log.with_name("kept"))
    came(log, 2)
    assert marks(log, place)[0] == [2]


def test_a_file_that_was_emptied_is_read_from_its_beginning(log: Path) -> None:
    came(log, 1, 2)
    _, place = marks(log, Place())
    log.write_text("")
    came(log, 3)
    assert marks(log, place)[0] == [3]


def test_a_log_that_is_missing_has_nobody_in_it(log: Path) -> None:
    assert read(log, Place("7", 40)) == (set(), Place("7", 40))


def test_a_broken_line_and_an_answer_that_was_no_page_count_nobody(log: Path) -> None:
    log.write_text(
        '{"request": 7}\n[]\nnot even JSON\n{"status": 200, "user_id": "; DROP", "request": {"host": "a"}}\n'
    )
    came(log, 1, status=404)
    came(log, 2, host="One.Apps.localhost:8080")
    assert read(log, Place())[0] == {("one.apps.localhost:8080", "00000002")}
