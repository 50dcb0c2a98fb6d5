"""What the templates of people's pages say in one word."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import template
from django.forms import BoundField
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.models import Release
from portal import house
from portal.desk.audit import DEEDS
from portal.models import Deed
from portal.times import exact, relative, span
from portal.words import PHASES, REASONS, SHUT, SILENT

register = template.Library()
register.filter("span", span)
LOOKS = {"select": "select", "textarea": "textarea", "sealedtextarea": "textarea", "checkbox": "checkbox"}


@register.filter
def dressed(field: BoundField) -> SafeString:
    """Render a field's control in our clothes."""
    attrs: dict[str, str | bool] = {"class": LOOKS.get(field.widget_type, "input")}
    if field.name == "code":
        longest = str(getattr(field.field, "max_length", None) or 6)
        attrs = {
            "class": "input code",
            "inputmode": "numeric",
            "placeholder": "",
            "maxlength": longest,
            "data-code": "",
        }
    if field.name in ("login", "email"):
        attrs |= {"placeholder": "", "autocomplete": "email"}
    if field.widget_type == "password":
        attrs["placeholder"] = ""
    return field.as_widget(attrs=attrs)


@register.filter
def as_json(told: Any) -> str:
    """Say it in an attribute, for a script: the page itself may hold none."""
    return json.dumps(told)


@register.simple_tag
def current(here: str | None, room: str, *within: str) -> SafeString:
    """Say of a link whether it leads to the page one is on, or to the room that this page belongs to (names begin so)."""
    name = here or ""
    how = "page" if name == room else "true" if name.startswith(within) else ""
    return format_html('aria-current="{}"', how) if how else SafeString("")


def _time(moment: datetime, shown: str, hover: str) -> SafeString:
    stamp = moment.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, hover, shown)


@register.filter
def ago(moment: datetime, zone: tzinfo) -> SafeString:
    """How far away; exactly on hover and for machines."""
    return _time(moment, relative(moment, timezone.now()), exact(moment, zone))


@register.filter
def time_since(moment: datetime, now: datetime) -> str:
    """How far away, in words alone."""
    return relative(moment, now)


@register.filter
def when(moment: datetime, zone: tzinfo) -> SafeString:
    """How far away, and exactly, in the zone given."""
    return _time(moment, f"{relative(moment, timezone.now())} ({exact(moment, zone)})", moment.isoformat())


@register.filter
def on(moment: datetime, zone: tzinfo) -> SafeString:
    """When exactly, in the zone given."""
    return _time(moment, exact(moment, zone), moment.isoformat())


@register.filter
def day(moment: datetime, zone: tzinfo) -> str:
    """Of which day something is, with its year."""
    return _("of %(day)s") % {"day": date_format(moment.astimezone(zone), _("j M Y"))}


@register.simple_tag
def copies_kept() -> str:
    """For how long this house keeps copies: "30 days"."""
    return span(house.copies_kept())


@register.filter
def size(number: int) -> str:
    """Bytes as people say them."""
    return str(filesizeformat(number))


@register.filter
def version(release: Release, zone: tzinfo = UTC) -> str:
    """A version as people know it: its name, or the day it is of, and the first letters of its commit."""
    named = release.version or day(release.committed_at or release.taken_at, zone)
    return f"{named} ({release.commit[:7]})"


@register.filter
def phase_word(phase: str) -> str:
    """A phase in the words of people's pages."""
    return str({"silent": SILENT, "shut": SHUT}.get(phase) or PHASES[phase])


@register.filter
def deed_words(deed: Deed) -> str:
    """What somebody did, between who and what."""
    return str(DEEDS.get(deed.did, deed.did))


@register.filter
def reason_words(reason: str) -> str:
    """What a visitor found wrong."""
    return str(REASONS[reason])
