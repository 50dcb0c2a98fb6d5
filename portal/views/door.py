"""What the front door shows where no service answers: our own page, with the right status and no cookie."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal import gate
from portal.pages import places
from portal.pages.figures import evidence
from portal.pages.service import Face, face_of
from portal.times import whole_seconds
from portal.views.fair import calendar_file
from provisioning.models import Deployment
from provisioning.phases import Phase

LOOK_AGAIN = 3
"""Seconds after which a page that opens by itself looks again."""
LATER = 60

POLICY = (
    "default-src 'none'; script-src {site}; style-src {site}; font-src {site}; img-src {site}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page is shown under the service's name and wears the portal's clothes."""

STATUSES = {
    "not-open": (503, LATER),
    "full": (503, LATER),
    "setting-up": (503, LOOK_AGAIN),
    "waking": (503, LOOK_AGAIN),
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
OPEN_BY_THEMSELVES = ("setting-up", "full", "waking")
TOLD_BEFORE = ("setting-up", "silent", "waking")
"""Faces that nobody needs to see before the event has opened: until then its organisers set it up and try it."""
FULL = places.FULL | {"the-event-is-full", "your-share-is-used", "launches-are-paused"}
"""What a service waits for when there is no place for it; else it waits for its turn, and not for long."""
WAKES = timedelta(minutes=2)
"""For how long after a restart a silence is no more than that."""


@require_safe
def door(request: HttpRequest, host: str) -> HttpResponse:
    """Say to a visitor of this address why there is no service behind it at the moment."""
    deployment = gate.service_at(host)
    face = _face(deployment, now := timezone.now())
    status, again = STATUSES[face]
    if deployment and face == "not-open":
        again = whole_seconds(deployment.event.opens_at - now)
    told = {"deployment": deployment, "face": face, "host": host, "site": settings.SITE_URL}
    told |= {"again": again if face in OPEN_BY_THEMSELVES else "", "usually": _usually(deployment, face)}
    response = render(request, "door/door.html", told, status=status)
    if again is not None:
        response["Retry-After"] = str(again)
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = POLICY.format(site=settings.SITE_URL)
    return response


@require_safe
def in_calendar(_request: HttpRequest, host: str) -> HttpResponse:
    """Hand the event of an address that has not opened yet over to somebody's calendar."""
    deployment = gate.service_at(host)
    if deployment is None or _face(deployment, timezone.now()) != "not-open":
        raise Http404
    return calendar_file(deployment.event, deployment.url)


def _face(deployment: Deployment | None, now: datetime) -> str:
    if deployment is None:
        return "nothing"
    face = FACES[face_of(deployment)]
    if face in TOLD_BEFORE and now < deployment.event.opens_at:
        return "not-open"
    if deployment.phase == Phase.READY and face == "silent" and _wakes(deployment, now):
        return "waking"
    return (
        "full" if deployment.phase == Phase.WAITING and deployment.waits_for in FULL and face == "setting-up" else face
    )


def _wakes(deployment: Deployment, now: datetime) -> bool:
    """Its programs are being started anew, because somebody asked for it a moment ago."""
    machine = deployment.machine()
    asked = machine.restart_asked_at if machine else None
    return asked is not None and now - asked < WAKES


def _usually(deployment: Deployment | None, face: str) -> timedelta | None:
    """How long a launch of its app takes, if anybody knows."""
    if deployment is None or face != "setting-up":
        return None
    app = deployment.release.app_id
    known = evidence([app]).get(app)
    return known.usually if known else None
