"""The live stream of a service's page: server-sent events."""

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from portal import gate
from portal.stream import events, poller

NO_LOG = 2**63 - 1
"""After the last line of output that there can ever be: participants are told that something changed, and nothing else."""


LONGEST_MARK = 16


@require_GET
async def stream(request: HttpRequest, key: str) -> HttpResponseBase:
    """Open the stream. It ends by itself after a while; the browser comes back and goes on where it was."""
    user = await request.auser()
    if user.is_anonymous:
        return HttpResponse(status=404)
    try:
        deployment = await sync_to_async(gate.visible_deployment)(user, key)
    except Http404:
        return HttpResponse(status=404)  # nobody reads a page here
    if poller.watched_by(user.pk) >= settings.STREAMS_PER_PERSON:
        return HttpResponse(status=429, headers={"Retry-After": "30"})
    after = max(_number(request.headers.get("Last-Event-ID")), _number(request.GET.get("after")))
    if not (user.is_staff or await sync_to_async(gate.may_change)(user, deployment)):
        after = NO_LOG
    lasts = settings.STREAM_LASTS.total_seconds()
    told = {"mark": request.GET.get("mark", "")[:LONGEST_MARK], "language": get_language() or ""}
    content = events(deployment.pk, user.pk, after=after, lasts=lasts, **told)
    return StreamingHttpResponse(content, content_type="text/event-stream", headers={"Cache-Control": "no-store"})


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
