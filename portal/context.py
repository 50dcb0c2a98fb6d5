"""What every template knows."""

from django.conf import settings
from django.http import HttpRequest


def house(_request: HttpRequest) -> dict[str, bool]:
    """How this house stands."""
    return {"has_no_mail_server": settings.EMBEDDED_MAIL}
