"""One service: its page for its whole life, and everything that can be wished for it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import gate
from portal.pages.logs import log_of
from portal.pages.places import elsewhere
from portal.pages.service import ServicePage, moments, service_page
from portal.pages.versions import another_version
from portal.requests import SignedInRequest
from provisioning.models import Deployment


def _page(request: SignedInRequest, key: str) -> ServicePage:
    deployment = gate.visible_deployment(request.user, key)
    may_change = gate.may_change(request.user, deployment)
    may_look_inside = may_change or request.user.is_staff
    return service_page(
        deployment,
        may_change=may_change,
        may_look_inside=may_look_inside,
        may_extend=may_change and gate.organises(request.user, deployment.event),
        now=timezone.now(),
        viewer=request.user.pk,
    )


@login_required
@require_safe
def service(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the service, whatever face it has now."""
    return _whole(request, _page(request, key))


@login_required
@require_safe
def live(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the part of the page that changes by itself."""
    return render(request, "services/_live.html", {"page": _page(request, key)})


@login_required
@require_POST
def restart(request: SignedInRequest, key: str) -> HttpResponse:
    """Start the app's programs anew."""
    asked = _changeable(request, key).restart(by=request.user, at=timezone.now())
    return _back(request, key, asked, _("It is being restarted. Its data stays as it is."))


@login_required
@require_POST
def pull(request: SignedInRequest, key: str) -> HttpResponse:
    """Fetch new content now."""
    asked = _changeable(request, key).pull_now(by=request.user, at=timezone.now())
    return _back(request, key, asked, _("Looking for new content now."))


@login_required
@require_POST
def keep_copy(request: SignedInRequest, key: str) -> HttpResponse:
    """Keep a copy now, while it runs."""
    asked = _changeable(request, key).keep_copy(by=request.user, at=timezone.now())
    return _back(request, key, asked, _("A copy is being made and checked. The service runs on meanwhile."))


@login_required
@require_POST
def retry(request: SignedInRequest, key: str) -> HttpResponse:
    """Try again from the step that failed."""
    asked = _changeable(request, key).retry(by=request.user, at=timezone.now())
    return _back(request, key, asked, "")


@login_required
@require_POST
def go_elsewhere(request: SignedInRequest, key: str) -> HttpResponse:
    """Set it up at another place, because the one it waits for has no room: at the one that the page offered."""
    deployment, at = _changeable(request, key), timezone.now()
    offer = elsewhere(deployment, request.user.pk, at)
    is_meant = offer is not None and str(offer.place.pk) == request.POST.get("place")
    asked = offer is not None and is_meant and deployment.go_to(offer.place, by=request.user, at=at)
    return _back(request, key, asked, "")


@login_required
@require_POST
def take_version(request: SignedInRequest, key: str) -> HttpResponse:
    """Set it up in another version, from the beginning, because it did not start: in the one that the page offered."""
    deployment, at = _changeable(request, key), timezone.now()
    offer = another_version(deployment, at)
    is_meant = offer is not None and str(offer.release.pk) == request.POST.get("release")
    asked = (
        offer is not None and is_meant and deployment.take_version(offer.release, offer.values, by=request.user, at=at)
    )
    return _back(request, key, asked, "")


@login_required
@require_POST
def retire(request: SignedInRequest, key: str) -> HttpResponse:
    """Take it down, or stop setting it up."""
    asked = _changeable(request, key).retire(by=request.user, at=timezone.now())
    return _back(request, key, asked, "")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outputs(request: SignedInRequest, key: str) -> HttpResponse:
    """Show what the installer handed over. The look itself is kept in the timeline; the answer is not kept anywhere."""
    if request.method != "POST":  # a phone that opens its last page again
        return redirect("service", key=key)
    page = _page(request, key)
    deployment = gate.changeable_deployment(request.user, key)
    values = deployment.outputs(by=request.user, at=timezone.now())
    shown = [
        (output.label, values[output.id], str(values[output.id]).startswith(deployment.url))
        for output in deployment.manifest.outputs
        if output.id in values
    ]
    return _whole(request, page, shown=shown)


def _whole(request: SignedInRequest, page: ServicePage, **more: Any) -> HttpResponse:
    inside = {"log": log_of(page.machine), "moments": moments(page.deployment)} if page.may_look_inside else {}
    return render(request, "services/service.html", {"page": page, **inside, **more})


def _changeable(request: SignedInRequest, key: str) -> Deployment:
    return gate.changeable_deployment(request.user, key)


def _back(request: SignedInRequest, key: str, asked: bool, said: str) -> HttpResponse:
    if not asked:
        messages.info(request, _("That was asked for already, or it is not possible now."))
    elif said:
        messages.success(request, said)
    return redirect("service", key=key)
