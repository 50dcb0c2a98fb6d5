"""What everybody may know of this house: how it stands, how to use it, its terms, and who can use it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.pages.standing import standings
from provisioning.models import House


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Say how the portal stands."""
    at = timezone.now()
    lines = standings(at)
    told = {"lines": lines, "is_well": all(line.is_well for line in lines), "at": at, "house": House.here()}
    return render(request, "about/status.html", told)


@require_safe
def helped(request: HttpRequest) -> HttpResponse:
    """Answer what people ask first."""
    return _page(request, "help")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Say what this house does with services, and what it expects."""
    return _page(request, "terms")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say who can use these pages, how that is known, and what is not so."""
    return _page(request, "accessibility")


def _page(request: HttpRequest, name: str) -> HttpResponse:
    house = House.here()
    return render(request, f"about/{name}.html", {"house": house, "longest": house.longest_event.days})
