"""The desk's first room: what needs somebody today."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalog.models import App
from portal import gate
from portal.desk import audit
from portal.desk.queue import waiting_for_a_curator
from portal.desk.today import red_lines, rooms
from portal.people.second_step import is_wanting
from portal.requests import SignedInRequest
from provisioning.models import Admission, Deployment
from provisioning.phases import Phase, Wanted


@gate.counter
@require_safe
def today(request: SignedInRequest) -> HttpResponse:
    """Show what needs somebody, how much room is left, and what is going on."""
    at, places = timezone.now(), rooms()
    told = {
        "is_wanting": is_wanting(request.user),
        "lines": red_lines(places, at),
        "places": places,
        "more": sum(room.more for room in places if room.place.is_open and not room.place.away_since),
        "is_open": is_open(),
        "queue": len(waiting_for_a_curator(App.objects.all())),
        "running": Deployment.objects.filter(phase=Phase.READY, wanted=Wanted.UP).count(),
        "waiting": Deployment.objects.filter(phase=Phase.WAITING, wanted=Wanted.UP).count(),
    }
    return render(request, "desk/today.html", told)


@gate.counter
@require_POST
def launches(request: SignedInRequest) -> HttpResponse:
    """Pause new launches, or let them in again. What runs goes on."""
    wanted = request.POST.get("open") == "yes"
    if Admission.let_in(wanted):
        audit.write("resume" if wanted else "pause", "", by=request.user, at=timezone.now())
        said = _("New launches are let in again.") if wanted else _("New launches wait now. What runs goes on.")
        messages.success(request, said)
    return redirect("desk")


def is_open() -> bool:
    """Whether new launches are let in."""
    return Admission.objects.filter(pk=1).values_list("is_open", flat=True).first() is not False
