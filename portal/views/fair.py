"""An event as its visitors see it, and the switch that shows it to them."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.pages.calendar import calendar
from portal.pages.poster import qr
from portal.pages.service import Face
from portal.requests import SignedInRequest
from portal.times import whole_seconds
from portal.views.home import lines_of
from provisioning.models import Event

ON_SHOW = (Face.READY, Face.SETTING_UP)
"""Faces that visitors are told of; what failed or was taken off is between us and the organiser."""


@require_safe
def fair(request: HttpRequest, name: str) -> HttpResponse:
    """Show the event to everybody: before, while and after it is on."""
    found, now = gate.public_event(name), timezone.now()
    is_before = now < found.opens_at
    told = {
        "event": found,
        "lines": [line for line in lines_of(found) if line.face in ON_SHOW],
        "is_before": is_before,
        "is_over": found.closes_at <= now,
        "address": (address := request.build_absolute_uri()),
        "qr": qr(address),
    }
    response = render(request, "events/fair.html", told, status=503 if is_before else 200)
    if is_before:
        response["Retry-After"] = str(whole_seconds(found.opens_at - now))
    return response


@require_safe
def in_calendar(request: HttpRequest, name: str) -> HttpResponse:
    """Hand the event over to somebody's calendar."""
    found = gate.public_event(name)
    return calendar_file(found, request.build_absolute_uri(reverse("fair", args=[name])))


def calendar_file(event: Event, address: str) -> HttpResponse:
    """Answer with the event's calendar file, which leads to this address."""
    written = calendar(event, address, host=str(urlsplit(settings.SITE_URL).hostname), at=timezone.now())
    told = {"Content-Disposition": f'attachment; filename="{slugify(event.name) or "event"}.ics"'}
    return HttpResponse(written, content_type="text/calendar; charset=utf-8", headers=told)


@login_required
@require_POST
def show(request: SignedInRequest, key: str) -> HttpResponse:
    """Give the event its public page."""
    if gate.changeable_event(request.user, key).show(by=request.user, at=timezone.now()):
        messages.success(request, _("The event has its public page now. Everybody may see it."))
    return redirect("event", key=key)


@login_required
@require_POST
def hide(request: SignedInRequest, key: str) -> HttpResponse:
    """Take the public page away."""
    if gate.changeable_event(request.user, key).hide(by=request.user, at=timezone.now()):
        messages.success(request, _("The public page is gone. The services stay open at their addresses."))
    return redirect("event", key=key)
