"""People and doors: one app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Loads Celery's door, so that new mail can be told of."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal import tasks  # noqa: F401, PLC0415 - rows may be imported only now
