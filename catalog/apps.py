"""Django's card for this package."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What can be launched."""

    name = "catalog"
    verbose_name = "Catalog"
    default_auto_field = "django.db.models.BigAutoField"
