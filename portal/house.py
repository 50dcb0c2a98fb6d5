"""What this house is called, for how long it keeps copies, and whether it has one language: every page and mail asks."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache

from provisioning.models import House

USUAL = "Fairground"
NAME, COPIES, LANGUAGE = "house-name", "house-copies", "house-language"
KEPT = 60
"""Seconds for which name and time are kept; the language until it changes, because every answer asks for it first."""


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
    _kept(NAME)
    return known_language()


def known_language() -> str:
    """The same as far as it is known without asking the database: since anybody asked for the name."""
    return str(cache.get(LANGUAGE, ""))


def changed() -> None:
    """Forget what was."""
    cache.delete_many([NAME, COPIES])
    _kept(NAME)


def _kept(what: str) -> Any:
    kept = cache.get(what)
    if kept is None:
        here = House.here()
        read: dict[str, Any] = {NAME: here.name, COPIES: here.copies_kept}
        cache.set_many(read, KEPT)
        cache.set(LANGUAGE, here.language, None)
        kept = read[what]
    return kept
