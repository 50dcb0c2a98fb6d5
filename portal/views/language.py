"""The switch between languages, at the foot of every page."""

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from portal.people import languages


@csrf_exempt  # so that pages of visitors need no cookie; a stranger's form could change the language, and no more
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Speak this language from now on: on pages, and in mails to whoever is signed in."""
    response: HttpResponseBase = set_language(request)
    if request.user.is_authenticated:
        languages.choose(request.user, request.POST.get("language", ""))
    return response
