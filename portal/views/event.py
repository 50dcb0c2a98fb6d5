"""One event: its desk, its end."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import gate
from portal.forms import ExtendForm
from portal.requests import SignedInRequest
from portal.times import exact
from portal.views.home import lines_of
from provisioning.phases import Wanted

USUAL_EXTENSION = timedelta(days=7)


@login_required
@require_GET
def event(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the event's services and when it ends."""
    found = gate.visible_event(request.user, key)
    told = {
        "event": found,
        "lines": lines_of(found),
        "may_change": found.owner_id == request.user.pk,
        "is_over": found.closes_at <= timezone.now(),
    }
    return render(request, "events/event.html", told)


@login_required
@require_http_methods(["GET", "POST"])
def extend(request: SignedInRequest, key: str) -> HttpResponse:
    """Ask for the new end; opening the page changes nothing, the press moves every service that ends with the event."""
    found = gate.changeable_event(request.user, key)
    now = timezone.now()
    later = (max(found.closes_at, now) + USUAL_EXTENSION).astimezone(found.tzinfo).date()
    form = ExtendForm(found, now, request.POST or None, initial={"last_day": later})
    if form.is_bound and form.is_valid():
        found.move(form.ends, by=request.user, at=now)
        told = {"event": found.name, "end": exact(form.ends, found.tzinfo)}
        messages.success(request, _("%(event)s and its services now end on %(end)s.") % told)
        return redirect("event", key=key)
    living = [line for line in lines_of(found) if line.deployment.wanted == Wanted.UP]
    return render(request, "events/extend.html", {"event": found, "form": form, "lines": living})


@login_required
@require_POST
def end(request: SignedInRequest, key: str) -> HttpResponse:
    """End every service of the event now."""
    if gate.changeable_event(request.user, key).end_now(by=request.user, at=timezone.now()):
        messages.success(request, _("All its services are being packed away. Their copies are made first."))
    return redirect("event", key=key)
