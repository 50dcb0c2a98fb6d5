"""Times as a person says them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.times import both, relative, span
from tests.makers import NOON

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (40, "40 s"),
        (89, "89 s"),
        (90, "2 minutes"),
        (3600, "60 minutes"),
        (7200, "2 hours"),
        (604800, "7 days"),
    ],
)
def test_a_span_is_said_in_its_largest_fitting_unit(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(days=3), "in 3 days"),
        (timedelta(minutes=-4), "4 minutes ago"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=5), "in a moment"),
    ],
)
def test_a_moment_is_said_by_how_far_it_is(away: timedelta, said: str) -> None:
    assert relative(NOON + away, NOON) == said


def test_a_moment_is_said_in_the_events_own_zone() -> None:
    assert both(NOON + timedelta(days=3), NOON, BERLIN) == "in 3 days (Thu 6 May, 14:00)"


def test_a_moment_in_winter_is_said_in_winter_time() -> None:
    assert "13:00" in both(NOON + timedelta(days=240), NOON, BERLIN)
