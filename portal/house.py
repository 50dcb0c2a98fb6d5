"""What this house is called, for how long it keeps copies, and whether it has one language: every page and mail asks."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache

from provisioning.models import House

USUAL = "Fairground"
NAME, COPIES, LANGUAGE = "house-name", "house-copies", "house-language"
KEPT = 60
"""Seconds for which all are kept."""


def name() -> str:
    """The name that was chosen behind the counter."""
    return str(_kept(NAME))


def known_name() -> str:
    """The name as far as it is known without asking the database."""
    return str(cache.get(NAME, USUAL))


def copies_kept() -> timedelta:
    """For how long a new copy is kept."""
    kept: timedelta = _kept(COPIES)
    return kept


def language() -> str:
    """The one language of the house; empty if each reader has their own."""
    return str(_kept(LANGUAGE))


def changed() -> None:
    """Forget what was."""
    cache.delete_many([NAME, COPIES, LANGUAGE])


def _kept(what: str) -> Any:
    kept = cache.get(what)
    if kept is None:
        here = House.here()
        read: dict[str, Any] = {NAME: here.name, COPIES: here.copies_kept, LANGUAGE: here.language}
        cache.set_many(read, KEPT)
        kept = read[what]
    return kept
