"""Head count: at every place what we say and what the place says, and whoever one side alone knows."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.desk.today import rooms
from portal.requests import SignedInRequest
from provisioning import reconciler
from provisioning.models import Fabric, Machine, Stray


@gate.counter
@require_safe
def heads(request: SignedInRequest) -> HttpResponse:
    """Show what the last counts found. Every place is counted about once a minute by itself."""
    places = rooms()
    told = {"places": places, "strays": _strays(), "ghosts": _ghosts([room.place for room in places])}
    return render(request, "desk/heads.html", told | {"zone": request.user.zone})


@gate.counter
@require_POST
def count(request: SignedInRequest) -> HttpResponse:
    """Count now, as is done every minute anyhow."""
    for place in Fabric.standing().order_by("pk"):
        try:
            reconciler.head_count(place, timezone.now(), reconciler.the_world())
        except (ValueError, KeyError):
            messages.error(request, _("What is filled in for %(place)s does not fit together.") % {"place": place})
    return redirect("desk-heads")


def _strays() -> Sequence[Stray]:
    """They have them, we do not."""
    return list(
        Stray.objects.filter(gone_at=None, fabric__taken_away_at=None)
        .select_related("fabric")
        .order_by("first_seen_at", "pk")[:200]
    )


def _ghosts(places: Sequence[Fabric]) -> Sequence[Machine]:
    """We count on them, they do not have them; one that has come back since, or is gone with our knowledge, is none."""
    missed = [key for place in places for key in place.missed]
    there = Machine.objects.filter(key__in=missed, removal_asked_at=None, absent_at=None)
    return list(there.select_related("deployment__event").order_by("pk")[:200])
