"""The mailbox page: on a Fairground without a mail server, its outbox, for whoever sits at the computer it runs on."""

from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.models import User
from portal.server.forwarded import MARK
from provisioning.models import Mail

SHOWN = 50
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", MARK)


def is_at_this_computer(request: HttpRequest) -> bool:
    """Say whether the browser runs on the portal's own computer. Whoever came through a proxy does not count."""
    if settings.TRUSTED_PROXIES or any(name in request.headers for name in FORWARDED):
        return False
    return ip_address(request.META["REMOTE_ADDR"]).is_loopback


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the newest mails. 404 wherever this is not meant for evaluation."""
    if not (settings.EMBEDDED_MAIL and is_at_this_computer(request)):
        raise Http404
    mails = Mail.objects.order_by("-pk")[:SHOWN]
    return render(request, "pages/mailbox.html", {"mails": mails, "zone": _zone(request)})


def _zone(request: HttpRequest) -> object:
    return request.user.zone if request.user.is_authenticated else User().zone
