"""The page behind the link of a warning: one button. Opening it changes nothing, whoever or whatever opens it."""

from datetime import datetime

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from portal import gate
from portal.pages.extension import Extension, extension_of, read
from provisioning.models import Event


@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Ask whether to extend; on the press, do so up to the end that was shown."""
    now = timezone.now()
    if not request.user.is_authenticated:
        read(signed, now)
        return redirect_to_login(request.get_full_path())
    event, page = _page(request, signed, now)
    if request.method == "POST":
        if page.face == "open" and page.to and request.POST.get("to") == page.to.isoformat():
            event.move(page.to, by=request.user, at=now)
        return redirect("extend", signed)
    return render(request, "events/extension.html", {"event": event, "page": page, "signed": signed})


@require_POST
def undo(request: HttpRequest, signed: str) -> HttpResponse:
    """Let it end when it would have ended before, if that has not passed."""
    now = timezone.now()
    if not request.user.is_authenticated:
        raise Http404
    event, page = _page(request, signed, now)
    if page.undo_to:
        event.move(page.undo_to, by=request.user, at=now)
    return redirect("extend", signed)


def _page(request: HttpRequest, signed: str, now: datetime) -> tuple[Event, Extension]:
    link = read(signed, now)
    if not request.user.is_authenticated or request.user.pk != link.person:
        raise Http404
    event = gate.changeable_event(request.user, link.event)
    return event, extension_of(event, link, now)
