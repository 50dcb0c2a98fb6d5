"""Everybody with an account, as the desk sees them."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.desk import audit
from portal.models import User
from portal.people import second_step as ways
from portal.requests import SignedInRequest
from provisioning.phases import Phase

SHOWN = 50


@gate.counter
@require_safe
def people(request: SignedInRequest) -> HttpResponse:
    """Show accounts, the newest first, or those that a search finds."""
    search = request.GET.get("q", "").strip()[:80]
    found = User.objects.filter(Q(email__icontains=search) | Q(first_name__icontains=search))
    if "waiting" in request.GET:
        found = found.filter(is_let_in=False)
    running = Count("deployments", filter=~Q(deployments__phase=Phase.GONE))
    has_ways = Exists(Authenticator.objects.filter(user=OuterRef("pk")))
    pages = Paginator(found.annotate(running=running, has_ways=has_ways).order_by("-date_joined", "-pk"), SHOWN)
    told = {"people": pages.get_page(request.GET.get("page")), "search": search, "zone": request.user.zone}
    return render(request, "desk/people.html", told)


@gate.administrators
@require_POST
def curator(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let somebody decide about the shelf, or no longer."""
    person, wanted = get_object_or_404(User, pk=pk), request.POST.get("curator") == "yes"
    if User.objects.filter(pk=pk, is_curator=not wanted).update(is_curator=wanted):
        did = "curator" if wanted else "no-curator"
        audit.write(did, person, by=request.user, at=timezone.now())
        said = _("%(who)s decides about the shelf now.") if wanted else _("%(who)s is no curator any more.")
        messages.success(request, said % {"who": person.called})
    return redirect("desk-people")


@gate.administrators
@require_POST
def second_step(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let somebody in by password alone again who has lost phone and spare codes."""
    person = get_object_or_404(User, pk=pk)
    if ways.take_away(person, by=request.user, at=timezone.now()):
        messages.success(request, _("%(who)s signs in with the password alone now.") % {"who": person.called})
    return redirect("desk-people")
