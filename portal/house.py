"""What this house is called, which every page and mail says."""

from django.core.cache import cache

from provisioning.models import House

USUAL = "Fairground"
KEY = "house-name"
KEPT = 60
"""Seconds for which the name is kept: every page asks for it."""


def name() -> str:
    """The name that was chosen behind the counter."""
    return str(cache.get_or_set(KEY, lambda: House.here().name, KEPT))


def known_name() -> str:
    """The name as far as it is known without asking the database."""
    return str(cache.get(KEY, USUAL))


def renamed() -> None:
    """Forget the old name."""
    cache.delete(KEY)
