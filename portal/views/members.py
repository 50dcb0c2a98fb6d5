"""The people of an event: who is there, by which code others come, and who goes."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.pages.event import good_code
from portal.pages.poster import qr
from portal.requests import SignedInRequest
from portal.views.event import tab
from provisioning.models import Event, JoiningCode, Membership
from provisioning.phases import Role

SHOWN = 50


@login_required
@require_safe
def people(request: SignedInRequest, key: str) -> HttpResponse:
    """Show who is there: to organisers everybody and the joining code, to participants who organises it."""
    found = gate.visible_event(request.user, key)
    seen = gate.people_seen_by(request.user, found)
    pages = Paginator(seen.select_related("person").order_by("role", "since", "pk"), SHOWN)
    code = good_code(found, timezone.now())
    address = _address(request, code) if code else ""
    told = {"people": pages.get_page(request.GET.get("page")), "code": code, "address": address}
    return tab(request, "people", found, **told, qr=qr(address) if code else "")


@login_required
@require_safe
def member(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Show one of its people, and what can be done about them."""
    found = gate.changeable_event(request.user, key)
    return tab(request, "member", found, member=_member(found, pk))


@login_required
@require_POST
def role(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Make somebody an organiser, or a participant."""
    found = gate.changeable_event(request.user, key)
    wanted = Role.ORGANISER if request.POST.get("role") == Role.ORGANISER else Role.PARTICIPANT
    if found.appoint(_member(found, pk).person, wanted, by=request.user, at=timezone.now()):
        messages.success(request, _("Done. What they may do has changed at once."))
    return redirect("event-people", key=key)


@login_required
@require_POST
def remove(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Take somebody out of the event."""
    found = gate.changeable_event(request.user, key)
    if found.let_go(_member(found, pk).person, by=request.user, at=timezone.now()):
        messages.success(request, _("They are out. If they may not come back, make a new joining code too."))
    return redirect("event-people", key=key)


@login_required
@require_POST
def leave(request: SignedInRequest, key: str) -> HttpResponse:
    """Go oneself."""
    found = gate.own_event(request.user, key)
    if found.let_go(request.user, by=request.user, at=timezone.now()):
        messages.success(request, _("You have left %(event)s.") % {"event": found.name})
        return redirect("home")
    messages.info(request, _("Nobody else organises it. Make somebody else an organiser first, or end the event."))
    return redirect("event-people", key=key)


@login_required
@require_POST
def renew_code(request: SignedInRequest, key: str) -> HttpResponse:
    """Make a joining code; one that there was is good no more."""
    gate.changeable_event(request.user, key).renew_code(by=request.user, at=timezone.now())
    return redirect("event-people", key=key)


@login_required
@require_POST
def end_code(request: SignedInRequest, key: str) -> HttpResponse:
    """Switch the joining code off."""
    if gate.changeable_event(request.user, key).end_code(by=request.user, at=timezone.now()):
        messages.success(request, _("Nobody can join with that code any more. Whoever has joined stays."))
    return redirect("event-people", key=key)


@login_required
@require_safe
def card(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the joining code as a sheet for a wall. There is none while there is no code."""
    found = gate.changeable_event(request.user, key)
    code = good_code(found, timezone.now())
    if code is None:
        raise Http404
    address = _address(request, code)
    return render(
        request, "posters/joining.html", {"event": found, "code": code, "address": address, "qr": qr(address)}
    )


def _address(request: SignedInRequest, code: JoiningCode) -> str:
    return request.build_absolute_uri(reverse("join", args=[code.code]))


def _member(event: Event, pk: int) -> Membership:
    found = Membership.objects.select_related("person").filter(event=event, pk=pk).first()
    if found is None:
        raise Http404
    return found
