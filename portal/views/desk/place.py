"""One place: added, changed, checked, looked at, taken away."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal import gate
from portal.desk import audit
from portal.desk.ask import Said, about, checked, keeper_of, what_stays
from portal.desk.place_sheet import Sheet
from portal.requests import SignedInRequest
from provisioning import fabrics
from provisioning.models import Fabric, Machine
from provisioning.phases import Phase

SHOWN = 50


@gate.administrators
@require_safe
def new(request: SignedInRequest) -> HttpResponse:
    """Choose what kind of place it is."""
    return render(
        request, "desk/place_new.html", {"kinds": [(kind, about(kind)) for kind in fabrics.kinds() if about(kind)]}
    )


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest, kind: str) -> HttpResponse:
    """Fill in what that kind asks for."""
    if kind not in fabrics.kinds():
        raise Http404
    return _fill_in(request, Fabric(kind=kind))


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    """Fill it in again. Whoever owns a place fills in their own."""
    return _fill_in(request, get_object_or_404(Fabric.standing(), pk=pk, owner=None))


@gate.counter
@require_safe
def place(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one place, as the last head count found it."""
    return render(request, "desk/place.html", _told(request, _standing(pk)))


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask the place itself whether it would work; nothing is changed there."""
    if request.method != "POST":
        return redirect("desk-place", pk)
    found = _standing(pk)
    return render(request, "desk/place.html", _told(request, found) | {"findings": checked(found)})


@gate.administrators
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what would stay there; then forget the place. Not while services of ours run there."""
    found, at = _standing(pk), timezone.now()
    living, stays = _living(found), what_stays(found)
    agreed = stays.is_nothing or request.POST.get("stays") == "yes"
    if request.method == "POST" and agreed and found.take_away(at=at):
        audit.write("end-place", found, by=request.user, at=at, told=", ".join(stays.keys))
        messages.success(request, _("%(place)s is no place of ours any more.") % {"place": found})
        return redirect("desk-places")
    told = {"place": found, "machines": living[:SHOWN], "n": living.count(), "stays": stays}
    return render(request, "desk/place_end.html", told)


def _fill_in(request: SignedInRequest, place: Fabric) -> HttpResponse:
    what = request.POST.get("do", "save")
    sheet = Sheet(place, request.POST if request.method == "POST" else None, judge=what == "save")
    if what == "keys":
        sheet.fetch_keys()
    elif request.method == "POST" and what == "save" and sheet.is_valid():
        kept = sheet.save(by=request.user, at=timezone.now())
        messages.success(request, _("Kept. A check says whether it would work."))
        return redirect("desk-place", pk=kept.pk)
    told = {"sheet": sheet, "place": place, "about": about(place.kind), "n": _living(place).count() if place.pk else 0}
    return render(request, "desk/place_fill.html", told)


def _told(request: SignedInRequest, place: Fabric) -> dict[str, Any]:
    """What the page about a place shows without asking it."""
    return {
        "place": place,
        "about": about(place.kind),
        "living": _living(place).count(),
        "strays": list(place.strays.filter(gone_at=None).order_by("first_seen_at", "pk")[:SHOWN]),
        "has_hosts": keeper_of(place) is not None,
        "findings": list[Said](),
        "zone": request.user.zone,
    }


def _standing(pk: int) -> Fabric:
    return get_object_or_404(Fabric.standing().select_related("owner"), pk=pk)


def _living(place: Fabric) -> "QuerySet[Machine]":
    there = Machine.objects.filter(fabric=place).exclude(phase=Phase.GONE)
    return there.select_related("deployment__event").order_by("pk")
