"""Which programs count as left behind by a machine."""

import subprocess

import pytest

from machine.onboard import host_baseline, host_wipe

pytestmark = pytest.mark.thorough


def test_somebody_who_looks_in_is_no_leftover_and_who_stays_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_wipe, "PASSING", 1.0)
    before = host_baseline.look()
    passing, staying = (subprocess.Popen(["sleep", seconds]) for seconds in ("0.5", "60"))
    try:
        assert {passing.pid, staying.pid} <= set(host_wipe.strangers(before))
        left = host_wipe.lasting(before)
    finally:
        staying.kill()
        staying.wait()
    assert passing.pid not in left
    assert staying.pid in left
    passing.wait()
