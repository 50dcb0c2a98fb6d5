"""For whoever watches over the portal: is it well, and how much of what is there."""

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from cli.home import known_by
from portal.server import health
from portal.server.metrics import metrics as told_metrics
from portal.views.mailbox import is_at_this_computer

PLAIN = "text/plain; charset=utf-8"


@never_cache
@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """200 if this program answers and reaches its database, else 503."""
    return _told(may_be_silent=True)


@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """200 if also the clock and every kind of worker were heard within a minute, else 503."""
    return _told(may_be_silent=False)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, from this computer or with the bearer of the settings; for others there is nothing here."""
    if not (is_at_this_computer(request) or _shows_bearer(request)):
        raise Http404
    return HttpResponse(told_metrics(now()), content_type=CONTENT_TYPE_LATEST)


def _told(*, may_be_silent: bool) -> HttpResponse:
    try:
        silent = health.silent(now())
    except DatabaseError:
        return HttpResponse("the database does not answer\n", content_type=PLAIN, status=503)
    if silent and not may_be_silent:
        return HttpResponse(f"not heard for a minute: {', '.join(silent)}\n", content_type=PLAIN, status=503)
    return HttpResponse("fine\n", content_type=PLAIN, headers={"X-Portal": known_by(settings.PORTAL_ID)})


def _shows_bearer(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(settings.METRICS_BEARER) and constant_time_compare(given, f"Bearer {settings.METRICS_BEARER}")
