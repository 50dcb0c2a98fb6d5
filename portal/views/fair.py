"""An event as its visitors see it, and the switch that shows it to them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.pages.poster import qr
from portal.pages.service import Face
from portal.requests import SignedInRequest
from portal.views.home import lines_of

ON_SHOW = (Face.READY, Face.SETTING_UP)
"""Faces that visitors are told of; what failed or was taken off is between us and the organiser."""


@require_safe
def fair(request: HttpRequest, name: str) -> HttpResponse:
    """Show the event to everybody: before, while and after it is on."""
    found, now = gate.public_event(name), timezone.now()
    told = {
        "event": found,
        "lines": [line for line in lines_of(found) if line.face in ON_SHOW],
        "is_before": now < found.opens_at,
        "is_over": found.closes_at <= now,
        "address": (address := request.build_absolute_uri()),
        "qr": qr(address),
    }
    return render(request, "events/fair.html", told)


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
