"""Who reads in which language: a cookie says it to pages, the row of an account to mails."""

from django.conf import settings
from django.http import HttpResponseBase
from django.utils.translation import get_language

from portal.models import User

NAMES = dict(settings.LANGUAGES)


def choose(person: User, language: str) -> None:
    """Write to them in this language from now on. One that we do not speak changes nothing."""
    if language in NAMES:
        User.objects.filter(pk=person.pk).update(language=language)


def settle(person: User, response: HttpResponseBase) -> None:
    """At sign-in: whoever has chosen reads on in their language; who has not is written to in that of this page."""
    if not person.language:
        choose(person, get_language() or "")
    elif person.language != get_language():
        remember(response, person.language)


def remember(response: HttpResponseBase, language: str) -> None:
    """Let this browser's pages be in a language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
