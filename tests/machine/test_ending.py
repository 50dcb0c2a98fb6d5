"""A machine that hears nothing of its portal ends by itself, and not before."""

import json
import time
from pathlib import Path

import pytest

from tests.machine.onboard import Onboard

pytestmark = pytest.mark.thorough

DAY = 86_400.0
SWITCHED_OFF = "switched-off"


@pytest.fixture
def cron(board: Onboard) -> Onboard:
    """A machine with cron, and with something in the place of what switches it off."""
    (board.root / "etc/cron.d").mkdir(parents=True)
    poweroff = board.root / "sbin/poweroff"
    poweroff.parent.mkdir()
    poweroff.write_text(f"#!/bin/sh\ntouch {board.root}/{SWITCHED_OFF}\n")
    poweroff.chmod(0o755)
    return board


def known(board: Onboard) -> dict[str, object]:
    """What it has written down."""
    return dict(json.loads((board.root / "var/lib/fairground/end.json").read_text()))


def clock(board: Onboard) -> None:
    """Cron looks."""
    assert board.program("end-if-due").returncode == 0


def is_off(board: Onboard) -> bool:
    return (board.root / SWITCHED_OFF).exists()


def works(board: Onboard) -> bool:
    return bool(board.peek("work")["state"] == "running")


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd looks after it here")
def test_cron_looks_every_ten_minutes(cron: Onboard) -> None:
    assert cron.ask("end-itself", at=time.time() + DAY)["looked_after"] is True
    line = (cron.root / "etc/cron.d/fairground-end").read_text().splitlines()[-1]
    assert line.startswith("*/10 * * * * root exec ")
    assert "end-if-due" in line


def test_before_its_time_nothing_ends(cron: Onboard) -> None:
    cron.sh("work", "sleep 60")
    clock(cron)
    for switch_off in (False, True):
        cron.ask("end-itself", at=time.time() + 60, switch_off=switch_off)
        clock(cron)
    assert works(cron)
    assert not is_off(cron)


def test_after_its_time_everything_of_the_app_ends_and_the_machine_stays(cron: Onboard) -> None:
    cron.ask("schedule", every=10, key="x")
    cron.sh("work", "sleep 60")
    cron.ask("end-itself", at=time.time() - 1, switch_off=False)
    clock(cron)
    assert not works(cron)
    assert not (cron.root / "etc/cron.d/fairground-pull").exists()
    assert not is_off(cron)


def test_where_it_may_it_switches_itself_off_and_leaves_what_runs_to_that(cron: Onboard) -> None:
    cron.sh("work", "sleep 60")
    cron.ask("end-itself", at=time.time() - 1, switch_off=True)
    if float(Path("/proc/uptime").read_text().split()[0]) < 3600:
        pytest.skip("this computer runs for less than an hour")
    clock(cron)
    assert is_off(cron)
    assert works(cron)


def test_a_later_end_is_kept_to(cron: Onboard) -> None:
    cron.ask("end-itself", at=time.time() - 1, switch_off=True)
    cron.ask("end-itself", at=time.time() + DAY, switch_off=True)
    clock(cron)
    assert not is_off(cron)


def test_it_tells_that_it_has_ended_until_it_hears_that_all_was_begun_anew(cron: Onboard) -> None:
    cron.ask("end-itself", at=time.time() - 1)
    clock(cron)
    later = time.time() + DAY
    for _ in range(2):  # an answer may be lost
        assert cron.ask("end-itself", at=later)["had_ended"] is True
    assert cron.ask("end-itself", at=later, begun_anew=True)["had_ended"] is False
    assert known(cron) == {"at": later, "switch_off": False, "ended": False}


def test_what_was_ended_is_not_ended_again(cron: Onboard) -> None:
    cron.ask("end-itself", at=time.time() - 1)
    clock(cron)
    cron.sh("work", "sleep 60")
    clock(cron)
    assert works(cron)


def test_a_machine_that_nobody_told_anything_and_one_with_rubbish_written_down_stay(cron: Onboard) -> None:
    clock(cron)
    cron.ask("end-itself", at=time.time() + DAY, switch_off=True)
    (cron.root / "var/lib/fairground/end.json").write_text("{")
    clock(cron)
    assert not is_off(cron)


def test_a_machine_without_anybody_who_looks_says_so(board: Onboard) -> None:
    assert board.ask("end-itself", at=1.0)["looked_after"] is Path("/run/systemd/system").is_dir()


@pytest.mark.parametrize("at", ["soon", None, True, -1])
def test_a_time_that_is_none_is_refused(board: Onboard, at: object) -> None:
    assert board.ask("end-itself", at=at)["error"]["code"] == "bad-input"
