"""The desk's books: every event, and everything that was done behind the counter."""

from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal import gate
from portal.models import Deed
from portal.requests import SignedInRequest
from provisioning.models import Deployment, Event
from provisioning.phases import Phase, Wanted

SHOWN = 50


@gate.counter
@require_safe
def events(request: SignedInRequest) -> HttpResponse:
    """Show events, the one that ends next first; with ?silent those whose services do not answer."""
    search, at = request.GET.get("q", "").strip()[:80], timezone.now()
    found = Event.objects.filter(Q(name__icontains=search) | Q(owner__email__icontains=search))
    silent = Deployment.objects.filter(event=OuterRef("pk"), phase=Phase.READY, wanted=Wanted.UP, suspended_at=None)
    found = found.annotate(is_silent=Exists(silent.filter(silent_since__isnull=False)))
    found = found.filter(is_silent=True) if "silent" in request.GET else found.filter(closes_at__gt=at)
    living = Count("deployments", filter=~Q(deployments__phase=Phase.GONE))
    pages = Paginator(found.select_related("owner").annotate(living=living).order_by("closes_at", "pk"), SHOWN)
    told = {"events": pages.get_page(request.GET.get("page")), "search": search, "zone": request.user.zone}
    return render(request, "desk/events.html", told)


@gate.counter
@require_safe
def audit(request: SignedInRequest) -> HttpResponse:
    """Show who did what, the newest first."""
    pages = Paginator(Deed.objects.select_related("by", "person").order_by("-at", "-pk"), SHOWN)
    told = {"deeds": pages.get_page(request.GET.get("page")), "zone": request.user.zone}
    return render(request, "desk/audit.html", told)
