"""Where machines come from: how much room is left, whether the counts agree, and closing a place."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import gate
from portal.desk import audit
from portal.desk.moving import leaving
from portal.desk.today import held_machines, rooms
from portal.requests import SignedInRequest
from provisioning.models import Deployment, Fabric, Machine
from provisioning.phases import Phase, Wanted

SHOWN = 50


@gate.counter
@require_safe
def places(request: SignedInRequest) -> HttpResponse:
    """Show every place, and the machines that stay because their copy could not be made."""
    told = {"places": rooms(), "held": held_machines()[:SHOWN], "zone": request.user.zone}
    return render(request, "desk/places.html", told)


@gate.counter
@require_http_methods(["GET", "HEAD", "POST"])
def drain(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what runs there; then let nothing new in. What runs ends as planned, moves elsewhere, or is asked to end now."""
    place, at = get_object_or_404(Fabric.standing(), pk=pk), timezone.now()
    services = _services_at(place)
    if request.method != "POST":
        shown = {"place": place, "leaving": list(leaving(services[:SHOWN])), "n": services.count()}
        return render(request, "desk/drain.html", shown)
    choice = request.POST.get("services")
    ends, moves = choice == "end", choice == "move"
    closed = place.let_in(False)
    asked = sum(service.retire(by=request.user, at=at) for service in services) if ends else 0
    asked += sum(service.move_away(by=request.user, at=at) for service in services) if moves else 0
    if closed or asked:
        told = ngettext("%(n)d service was asked to end", "%(n)d services were asked to end", asked)
        if moves:
            told = ngettext(
                "%(n)d service moves as soon as there is room", "%(n)d services move as soon as there is room", asked
            )
        told = told % {"n": asked}
        audit.write("drain", place, by=request.user, at=at, told=told if asked else "")
    messages.success(request, _("Nothing new is launched at %(place)s any more.") % {"place": place})
    return redirect("desk-place-drain", pk=pk) if moves else redirect("desk-places")


@gate.counter
@require_POST
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let new launches in there again."""
    place = get_object_or_404(Fabric.standing(), pk=pk)
    if place.let_in(True):
        audit.write("undrain", place, by=request.user, at=timezone.now())
        messages.success(request, _("New services may be launched at %(place)s again.") % {"place": place})
    return redirect("desk-places")


@gate.administrators
@require_POST
def waive(request: SignedInRequest, pk: int) -> HttpResponse:
    """Decide, by name, that what is on a machine may be lost."""
    machine, at = get_object_or_404(held_machines(), pk=pk), timezone.now()
    if machine.waive(by=request.user, at=at):
        audit.write("waive", machine.deployment, by=request.user, at=at, told=str(machine))
        messages.warning(request, _("It goes without a copy. That is noted with your name."))
    return redirect("desk-places")


def _services_at(place: Fabric) -> QuerySet[Deployment]:
    there = Machine.objects.filter(fabric=place).exclude(phase=Phase.GONE).values("deployment")
    wanted = Deployment.objects.filter(pk__in=there, wanted=Wanted.UP)
    return wanted.select_related("event", "owner").order_by("expires_at", "pk")
