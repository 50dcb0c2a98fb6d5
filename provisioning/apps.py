"""Events, limits, deployments and machines: one consistency boundary, one app."""

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    """Loads Celery's door, so that rows can poke."""

    name = "provisioning"

    def ready(self) -> None:
        from provisioning import tasks  # noqa: F401, PLC0415 - rows may be imported only now
