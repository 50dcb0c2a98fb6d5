"""What machines say to the portal themselves. They show a word of their own; for all others there is nothing here."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from provisioning.enrolment import MOST_BYTES, enrol

BEARER = "Bearer "


@csrf_exempt  # no browser comes here: what is shown is a word, not a cookie
@require_POST
def host_key(request: HttpRequest, key: str) -> HttpResponse:
    """Take the host key that a machine made at its first boot; once, and the same 404 whatever is wrong."""
    word = request.headers.get("Authorization", "")
    if not word.startswith(BEARER) or not enrol(key, word[len(BEARER) :], request.read(MOST_BYTES + 1), now()):
        raise Http404
    return HttpResponse(status=204)
