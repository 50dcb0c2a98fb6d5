"""What is hung on a wall: one sheet of paper that leads to a service."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import gate
from portal.pages.poster import qr
from portal.requests import SignedInRequest


@login_required
@require_safe
def service(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the sheet of a service. There is none for an address that is gone."""
    deployment = gate.visible_deployment(request.user, key)
    if deployment.is_gone or deployment.is_ending:
        raise Http404
    return render(request, "posters/service.html", {"deployment": deployment, "qr": qr(deployment.url)})
