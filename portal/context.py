"""What every template knows."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal import house as this_house
from portal.people import providers


def house(_request: HttpRequest) -> dict[str, object]:
    """How this house stands, and what it is called."""
    return {
        "has_no_mail_server": settings.EMBEDDED_MAIL,
        "house_name": SimpleLazyObject(this_house.name),
        "site_url": settings.SITE_URL,
        "house_language": SimpleLazyObject(this_house.language),
        "elsewhere": providers.names().items(),
    }


def title(_request: HttpRequest) -> str:
    """What the administrators' tables are headed with."""
    return this_house.name()
