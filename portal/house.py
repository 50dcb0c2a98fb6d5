"""What this house is called, and for how long it keeps copies: every page and mail says so."""

from datetime import timedelta

from django.core.cache import cache

from provisioning.models import House

USUAL = "Fairground"
KEY, COPIES = "house-name", "house-copies"
KEPT = 60
"""Seconds for which both are kept: every page asks for them."""


def name() -> str:
    """The name that was chosen behind the counter."""
    return str(cache.get_or_set(KEY, lambda: House.here().name, KEPT))


def known_name() -> str:
    """The name as far as it is known without asking the database."""
    return str(cache.get(KEY, USUAL))


def copies_kept() -> timedelta:
    """For how long a new copy is kept."""
    kept = cache.get_or_set(COPIES, lambda: House.here().copies_kept, KEPT)
    assert isinstance(kept, timedelta)
    return kept


def changed() -> None:
    """Forget what was."""
    cache.delete_many([KEY, COPIES])
