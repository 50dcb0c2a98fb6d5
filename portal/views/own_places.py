"""A person's own places: accounts at clouds that are theirs alone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import gate
from portal.people import own_places
from portal.people.own_places import CapForm, OwnPlaceForm
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
    form = OwnPlaceForm(request.user, kind, None, *([request.POST] if request.method == "POST" else []))
    if form.is_bound and form.is_valid():
        place = form.save()
        try_place(place, at=timezone.now())
        return redirect("me-place", pk=place.pk)
    return render(request, "me/place_new.html", {"form": form, "kind": kind})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one of them; take new keys."""
    found = gate.own_place(request.user, pk)
    form = OwnPlaceForm(request.user, found.kind, found, *([request.POST] if request.method == "POST" else []))
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("me-place", pk=pk)
    own = own_places.seen(found, timezone.now())
    cap = CapForm(initial={"monthly_cap": found.monthly_cap})
    return render(request, "me/place.html", {"own": own, "form": form, "cap": cap})


@login_required
@require_safe
def live(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the part that changes by itself."""
    own = own_places.seen(gate.own_place(request.user, pk), timezone.now())
    return render(request, "me/_trial.html", {"own": own})


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
@require_POST
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take it away when nothing of ours is there; what we do not know and it names stays, and is listed before."""
    found, at = gate.own_place(request.user, pk), timezone.now()
    own = own_places.seen(found, at)
    if own.strays and "leave" not in request.POST:
        messages.info(request, _("Something is left there that we do not know. Please look at the list below first."))
    elif found.take_away(at=at):
        messages.success(request, _("It is gone from here, and its keys are forgotten."))
        return redirect("me-places")
    else:
        messages.error(request, _("Machines of yours are still there. End their services first; then take it away."))
    return redirect("me-place", pk=pk)
