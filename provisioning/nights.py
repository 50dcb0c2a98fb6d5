"""When a service's copy of the night is made: at a moment of its own between two and five, in its event's zone."""

from datetime import datetime, time, timedelta, tzinfo

FIRST = time(2)
MINUTES = 180


def last_night(key: str, zone: tzinfo, at: datetime) -> datetime:
    """The newest such moment that is not after `at`."""
    return max(moment for moment in _around(key, zone, at) if moment <= at)


def next_night(key: str, zone: tzinfo, at: datetime) -> datetime:
    """The first such moment after `at`."""
    return min(moment for moment in _around(key, zone, at) if moment > at)


def _around(key: str, zone: tzinfo, at: datetime) -> list[datetime]:
    """The jitter comes from the key: each machine has its own minute, and all of them do not come at once."""
    today, minute = at.astimezone(zone).date(), timedelta(minutes=int(key[:8], 16) % MINUTES)
    begins = (datetime.combine(today + timedelta(days=days), FIRST) + minute for days in (-2, -1, 0, 1, 2))
    return [begin.replace(tzinfo=zone).astimezone(at.tzinfo) for begin in begins]
