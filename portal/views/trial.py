"""Trying an app for an hour, without an account."""

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal import gate
from portal.models import User
from portal.pages.figures import Evidence, evidence
from portal.pages.service import service_page
from portal.people import trials
from portal.views.front import Stall


@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what an hour with this app is; begin it on the press. One browser has one trial at a time."""
    app = gate.visible_app(request.user, slug)
    assert app.current is not None  # the gate lets no other through
    if not trials.are_offered(app.current.manifest):
        raise Http404
    if request.user.is_authenticated:
        return redirect(f"{reverse('service-new')}?app={slug}")
    running = trials.of(request)
    if running and not running.is_gone:
        return redirect("trial")
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="try")
        if limited is not None:
            return limited
        if begun := trials.begin(app.current, timezone.now()):
            trials.remember(request, begun)
            return redirect("trial")
    known = evidence([app.pk]).get(app.pk, Evidence())
    told = {"stall": Stall(app, app.current.manifest, known), "is_full": request.method == "POST"}
    return render(request, "trial/offer.html", told, status=503 if told["is_full"] else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest) -> HttpResponse:
    """Show the trial of this browser; on the press, what it has handed over."""
    found = trials.of(request)
    if found is None:
        return redirect("shelf")
    page = service_page(found, may_change=False, may_look_inside=False, now=timezone.now())
    shown = []
    if request.method == "POST":
        values = found.outputs(by=found.owner, at=timezone.now())
        shown = [(one.label, values[one.id]) for one in found.manifest.outputs if one.id in values]
    return render(request, "trial/trial.html", {"page": page, "shown": shown})


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Make it theirs; whoever is not signed in does that first, and presses once more."""
    found = trials.of(request)
    if found is None:
        return redirect("shelf")
    if not isinstance(request.user, User):
        return redirect_to_login(reverse("trial"), reverse("account_signup"))
    if not trials.keep(found, request.user, timezone.now()):
        messages.info(request, _("Its hour is over. You can set it up anew, for as long as you need it."))
        return redirect(f"{reverse('service-new')}?app={found.release.app.slug}")
    del request.session[trials.SESSION]
    messages.success(request, _("It is yours now, with everything in it."))
    return redirect("service", key=found.key)
