"""Times as a person says them: how far away, and when exactly in the event's zone."""

from datetime import datetime, timedelta, tzinfo
from math import ceil

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

JUST_NOW = timedelta(seconds=45)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def exact(moment: datetime, zone: tzinfo) -> str:
    """Say a moment in the zone's own clock: "Mon 30 Nov, 20:00"."""
    return date_format(moment.astimezone(zone), _("D j M, H:i"))


def day_and_hour(moment: datetime, zone: tzinfo) -> str:
    """Say a moment in full: "Monday 30 November, 20:00"."""
    return date_format(moment.astimezone(zone), _("l j F, H:i"))


def day(moment: datetime, zone: tzinfo) -> str:
    """Say a day of this year: "30 November"."""
    return date_format(moment.astimezone(zone), _("j F"))


def span(length: timedelta, *, is_away: bool = False) -> str:
    """Say a length of time in its largest fitting unit: "40 s", "3 minutes", "2 hours", "7 days".

    `is_away`: it stands after "in" or before "ago", where German says days in another way.
    """
    seconds = max(0, round(length.total_seconds()))
    if seconds < 90:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 90 * 60:
        minutes = round(seconds / 60)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if seconds < 36 * 3600:
        hours = round(seconds / 3600)
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = round(seconds / 86400)
    if is_away:
        return npgettext("in … or … ago", "%(n)d day", "%(n)d days", days) % {"n": days}
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def relative(moment: datetime, now: datetime) -> str:
    """Say how far away a moment is: "in 3 days", "4 minutes ago", "just now"."""
    away = moment - now
    if abs(away) < JUST_NOW:
        return _("just now") if away <= timedelta() else _("in a moment")
    told = {"span": span(abs(away), is_away=True)}
    return _("in %(span)s") % told if away > timedelta() else _("%(span)s ago") % told


def both(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Say both: "in 3 days (Mon 30 Nov, 20:00)"."""
    return f"{relative(moment, now)} ({exact(moment, zone)})"


def whole_seconds(length: timedelta) -> int:
    """Seconds, rounded up: nothing that takes time is said to take none."""
    return ceil(length.total_seconds())
