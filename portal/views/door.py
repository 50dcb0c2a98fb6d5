"""What the front door shows where no service answers: our own page, with the right status and no cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import gate
from portal.pages.service import Face, face_of

LOOK_AGAIN = 3
"""Seconds after which a page that opens by itself looks again."""
LATER = 60

POLICY = (
    "default-src 'none'; script-src {site}; style-src {site}; font-src {site}; img-src {site}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page is shown under the service's name and wears the portal's clothes."""

STATUSES = {
    "setting-up": (503, LOOK_AGAIN),
    "silent": (503, LATER),
    "shut": (403, None),
    "ended": (410, None),
    "nothing": (404, None),
}
FACES = {
    Face.SETTING_UP: "setting-up",
    Face.READY: "silent",
    Face.FAILED: "silent",
    Face.SHUT: "shut",
    Face.LEAVING: "ended",
    Face.ENDED: "ended",
}


@require_safe
def door(request: HttpRequest, host: str) -> HttpResponse:
    """Say to a visitor of this address why there is no service behind it at the moment."""
    deployment = gate.service_at(host)
    face = FACES[face_of(deployment)] if deployment else "nothing"
    status, again = STATUSES[face]
    told = {"deployment": deployment, "face": face, "again": again, "host": host, "site": settings.SITE_URL}
    response = render(request, "door/door.html", told, status=status)
    if again is not None:
        response["Retry-After"] = str(again)
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = POLICY.format(site=settings.SITE_URL)
    return response
