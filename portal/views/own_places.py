"""A person's own places: accounts at clouds that are theirs alone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import gate
from portal.desk.ask import what_stays
from portal.people import own_places
from portal.people.own_places import CapForm
from portal.people.own_sheet import OwnSheet
from portal.requests import SignedInRequest
from provisioning.trying import try_place


@login_required
@require_safe
def places(request: SignedInRequest) -> HttpResponse:
    """Show somebody's own places, and of which kinds they may add one."""
    at = timezone.now()
    mine = [own_places.seen(place, at) for place in own_places.of(request.user)]
    may_add = own_places.kinds() if len(mine) < own_places.MOST else []
    return render(request, "me/places.html", {"places": mine, "kinds": may_add})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Ask what is needed for a place of one kind, beside the least that the account must allow."""
    kind = request.GET.get("kind", "")
    if kind not in own_places.kinds() or len(own_places.of(request.user)) >= own_places.MOST:
        raise Http404
    sheet = OwnSheet.new(request.user, kind, request.POST if request.method == "POST" else None)
    if request.method == "POST" and sheet.is_valid():
        place = sheet.keep()
        try_place(place, at=timezone.now())
        return redirect("me-place", pk=place.pk)
    return render(request, "me/place_new.html", {"sheet": sheet, "kind": kind})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one of them; take new keys."""
    found = gate.own_place(request.user, pk)
    sheet = OwnSheet(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and sheet.is_valid():
        sheet.keep()
        messages.success(request, _("Saved."))
        return redirect("me-place", pk=pk)
    own = own_places.seen(found, timezone.now())
    cap = CapForm(initial={"monthly_cap": found.monthly_cap})
    return render(request, "me/place.html", {"own": own, "sheet": sheet, "cap": cap})


@login_required
@require_safe
def live(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the part that changes by itself."""
    own = own_places.seen(gate.own_place(request.user, pk), timezone.now())
    return render(request, "me/_account.html", {"own": own})


@login_required
@require_POST
def check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a trial: the smallest machine, made, reached and ended."""
    if not try_place(gate.own_place(request.user, pk), at=timezone.now()):
        messages.info(request, _("A check is under way already."))
    return redirect("me-place", pk=pk)


@login_required
@require_POST
def cap(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what may be spent in a month."""
    found, form = gate.own_place(request.user, pk), CapForm(request.POST)
    if form.is_valid():
        found.monthly_cap = form.cleaned_data["monthly_cap"]
        found.save(update_fields=["monthly_cap"])
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Please give an amount, such as 20."))
    return redirect("me-place", pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what would stay there, asked just now; then forget it. Not while machines of theirs run there."""
    found, at = gate.own_place(request.user, pk), timezone.now()
    stays = what_stays(found)
    agreed = stays.is_nothing or request.POST.get("stays") == "yes"
    if request.method == "POST" and agreed and found.take_away(at=at):
        messages.success(request, _("It is gone from here, and its keys are forgotten."))
        return redirect("me-places")
    return render(request, "me/place_end.html", {"own": own_places.seen(found, at), "stays": stays})
