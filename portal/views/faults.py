"""Pages for when something is not as it should be."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from portal import house


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's own signature
    """Nothing is here, or nothing for you: the two look alike.

    It asks the database nothing: on an asynchronous server this runs in a thread whose connection nobody would close.
    """
    return HttpResponse(render_to_string("pages/404.html", {"house_name": house.known_name()}), status=404)


def not_readable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's own signature
    """What was sent is nothing that any page asks for. It asks the database nothing either."""
    return HttpResponse(render_to_string("pages/400.html", {"house_name": house.known_name()}), status=400)


def not_yours(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The same words, where Django itself says no: in the tables, and on pages of an account that need a way in it lacks."""
    answer = not_found(request, exception)
    answer.status_code = 403
    return answer


def our_mistake(request: HttpRequest) -> HttpResponse:
    """A bug of ours. This page needs no database and no session."""
    return render(request, "pages/500.html", {"house_name": house.known_name()}, status=500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's own signature
    """A form that this browser did not get from us, or that is too old."""
    return render(request, "pages/stale.html", status=403)
