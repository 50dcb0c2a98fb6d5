"""The clock of the housekeeping."""

from portal.celery import app
from portal.server.clock import Clock


def test_the_clock_sleeps_until_the_time_has_come_and_not_until_shortly_before() -> None:
    clock = Clock(app=app, lazy=True)
    assert clock.adjust(0.9) >= 0.9
    assert clock.adjust(0) == 0
