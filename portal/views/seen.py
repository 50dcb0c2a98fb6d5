"""How a service's own page looks: the newest picture of it, for those who may see the service here."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from portal import gate
from portal.requests import SignedInRequest
from provisioning.models import Picture

HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Its address names the moment it was taken at, so it may be kept; what is in it was drawn by somebody's page."""


@login_required
@require_safe
def picture(request: SignedInRequest, key: str) -> HttpResponse:
    """Show the picture. There is none of a service that is not open."""
    deployment = gate.visible_deployment(request.user, key)
    found = Picture.objects.showing(deployment).first()
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.data), content_type="image/webp", headers=HEADERS)
