"""People and doors: one app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Loads Celery's door, so that every program and every thread pokes through our own broker."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal import celery, tasks  # noqa: F401, PLC0415 - rows may be imported only now

        celery.app.set_default()
