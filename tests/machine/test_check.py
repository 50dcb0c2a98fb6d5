"""`check`: a program of the app says whether the service is well, within bounds of time and words."""

import time
from pathlib import Path

import pytest

from tests.machine.onboard import Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


def bring(board: Onboard, script: str) -> None:
    """Put a program into the service."""
    service = board.root / "srv/fairground/service"
    service.mkdir(parents=True)
    (service / "well").write_text(f"#!/bin/sh\n{script}\n")
    (service / "well").chmod(0o755)


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [("echo fine", 0, "fine\n"), ("echo no >&2; exit 3", 3, "no\n"), ("exec >&- 2>&-; sleep 0.3; exit 4", 4, "")],
)
def test_it_tells_how_it_ended_and_what_it_said(board: Onboard, script: str, code: int, said: str) -> None:
    bring(board, script)
    assert board.ask("check", path="well") == {"code": code, "said": said}


def test_one_that_hangs_ends_with_its_time_and_nothing_of_it_is_left(board: Onboard, tmp_path: Path) -> None:
    bring(board, f"echo $$ > {tmp_path}/pid; sleep 1000")
    assert board.ask("check", path="well", timeout=0.5)["code"] == 124
    pid = (tmp_path / "pid").read_text().strip()
    until("it is gone", lambda: not Path(f"/proc/{pid}").exists())


def test_one_that_leaves_something_behind_is_not_waited_for(board: Onboard, tmp_path: Path) -> None:
    bring(board, f"sleep 1000 & echo $! > {tmp_path}/pid; exit 0")
    began = time.monotonic()
    assert board.ask("check", path="well", timeout=15)["code"] == 0
    assert time.monotonic() - began < 15
    pid = (tmp_path / "pid").read_text().strip()
    until("it is gone", lambda: not Path(f"/proc/{pid}").exists())


def test_one_that_never_stops_talking_costs_its_time_and_two_thousand_bytes(board: Onboard) -> None:
    bring(board, "yes")
    told = board.ask("check", path="well", timeout=0.5)
    assert (told["code"], len(told["said"])) == (124, 2000)


def test_one_that_is_not_there_is_told_and_one_outside_is_refused(board: Onboard) -> None:
    bring(board, "exit 0")
    assert board.ask("check", path="elsewhere")["code"] == 127
    assert board.ask("check", path="../well")["error"]["code"] == "bad-input"
