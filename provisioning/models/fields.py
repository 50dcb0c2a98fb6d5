"""Secrets at rest: columns that hold text or JSON encrypted with settings.FIELD_KEYS (Fernet, newest key first)."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    TextOfStr = models.TextField[str, str]
    TextOfAny = models.Field[Any, Any]
else:
    TextOfStr = TextOfAny = models.TextField  # Django's fields are generic for the type checker only


@lru_cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def fernet() -> MultiFernet:
    """The keys in force; an old key still reads, the newest writes."""
    return _fernet(tuple(settings.FIELD_KEYS))


class SealedText(TextOfStr):
    """Text that only a holder of a field key can read. Empty text stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        return fernet().encrypt(str(value).encode()).decode() if value else ""

    def from_db_value(self, value: str | None, *_: object) -> str:
        return fernet().decrypt(value.encode()).decode() if value else ""


class SealedJSON(TextOfAny):
    """JSON that only a holder of a field key can read. An empty object costs nothing."""

    def get_prep_value(self, value: Any) -> Any:
        return fernet().encrypt(json.dumps(value).encode()).decode() if value else ""

    def from_db_value(self, value: str | None, *_: object) -> Any:
        return json.loads(fernet().decrypt(value.encode())) if value else {}

    def to_python(self, value: Any) -> Any:
        return value if value is not None else {}
