"""One event: its desk with a page for each tab, its plan, its end."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import gate
from portal.event_forms import EventForm, PlacesForm, PlanForm
from portal.forms import ExtendForm
from portal.mail.unreached import unreached
from portal.pages.event import a_day, event_desk, limits, moments, visitors_of
from portal.requests import SignedInRequest
from portal.times import exact
from portal.views import copies
from portal.views.home import lines_of
from provisioning.models import Event
from provisioning.phases import Wanted

USUAL_EXTENSION = timedelta(days=7)
USUAL_LENGTH = timedelta(days=7)


def tab(request: SignedInRequest, name: str, event: Event, **told: Any) -> HttpResponse:
    """Render a page of the desk."""
    desk = event_desk(request.user, event, timezone.now())
    return render(request, f"events/{name}.html", {"desk": desk, "event": event, "tab": name, **told})


@login_required
@require_safe
def event(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the event's services: what needs somebody first."""
    found = gate.visible_event(request.user, key)
    lines = lines_of(found)
    needs = [line for line in lines if line.needs_somebody]
    living = sum(not line.deployment.is_gone for line in lines)
    told = {"lines": lines, "needs": needs, "living": living, "visitors": visitors_of(found)}
    return tab(request, "event", found, unreached=unreached(found), **told)


@login_required
@require_safe
def show_limits(request: SignedInRequest, key: str) -> HttpResponse:
    """Show what it uses and may use, what that costs, and its plan."""
    found, now = gate.event_in_full(request.user, key), timezone.now()
    return tab(
        request, "limits", found, limits=limits(found, now), form=PlanForm.of(found, now), places=PlacesForm.of(found)
    )


@login_required
@require_POST
def plan(request: SignedInRequest, key: str) -> HttpResponse:
    """Change when it opens, and whether participants may put up services."""
    found, now = gate.changeable_event(request.user, key), timezone.now()
    form = PlanForm.of(found, now, request.POST)
    if not form.is_valid():
        told = {"limits": limits(found, now), "form": form, "places": PlacesForm.of(found)}
        return tab(request, "limits", found, **told)
    opens = form.opens_at(min(found.opens_at, now))
    if found.plan(opens_at=opens, all_launch=form.cleaned_data["all_launch"], by=request.user, at=now):
        messages.success(request, _("Saved."))
    return redirect("event-limits", key=key)


@login_required
@require_POST
def keep_to(request: SignedInRequest, key: str) -> HttpResponse:
    """Say where its services may run."""
    found, now = gate.changeable_event(request.user, key), timezone.now()
    form = PlacesForm.of(found, request.POST)
    if form.is_valid() and found.keep_to(form.chosen(), by=request.user, at=now):
        messages.success(request, _("Saved. What runs stays where it is."))
    return redirect("event-limits", key=key)


@login_required
@require_safe
def kept_copies(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the kept copies of its services."""
    found = gate.event_in_full(request.user, key)
    kept = gate.copies_of(found)
    return tab(request, "copies", found, lines=copies.lines_of(list(kept)))


@login_required
@require_safe
def timeline(request: SignedInRequest, key: str) -> HttpResponse:
    """Show what was done."""
    found = gate.event_in_full(request.user, key)
    return tab(request, "timeline", found, moments=moments(found))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Ask for a name and the last day; make the event on the press."""
    now = timezone.now()
    last_day = (now + USUAL_LENGTH).astimezone(request.user.zone).date()
    form = EventForm(request.user, now, request.POST or None, initial={"last_day": last_day})
    if form.is_bound and form.is_valid():
        return redirect("event", key=form.make().key)
    return render(request, "events/new.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: SignedInRequest, key: str) -> HttpResponse:
    """Ask for the new end; opening the page changes nothing, the press moves every service that ends with the event."""
    found = gate.changeable_event(request.user, key)
    now = timezone.now()
    later = (max(found.closes_at, now) + USUAL_EXTENSION).astimezone(found.tzinfo).date()
    form = ExtendForm(found, now, request.POST or None, initial={"last_day": later})
    if form.is_bound and form.is_valid():
        if found.move(form.ends, by=request.user, at=now):
            told = {"event": found.name, "end": exact(form.ends, found.tzinfo)}
            messages.success(request, _("%(event)s and its services now end on %(end)s.") % told)
        else:
            messages.info(request, _("Nothing was changed: it ends then already, or its plan has just changed."))
        return redirect("event", key=key)
    living = [line for line in lines_of(found) if line.deployment.wanted == Wanted.UP]
    about = {"event": found, "is_over": found.closes_at <= now, "lines": living, "price": a_day(found)}
    return render(request, "events/extend.html", {"form": form, **about})


@login_required
@require_POST
def end(request: SignedInRequest, key: str) -> HttpResponse:
    """End every service of the event now."""
    if gate.changeable_event(request.user, key).end_now(by=request.user, at=timezone.now()):
        messages.success(request, _("All its services are being packed away. Their copies are made first."))
    return redirect("event", key=key)
