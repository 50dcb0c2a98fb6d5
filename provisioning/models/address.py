"""Names of services: given once, and never to another."""

import hashlib
import secrets
from datetime import datetime

from django.db import models
from django.utils.text import slugify


class Address(models.Model):
    """A name that was given once. The row stays for ever, so the name is never another's."""

    name = models.CharField(max_length=63, primary_key=True)
    created_at = models.DateTimeField()


def new_address(title: str, at: datetime) -> Address:
    """A name that was never given, made from a service's title."""
    stem = slugify(title)[:40].strip("-") or "service"
    stem = stem if stem[0].isalpha() else f"s-{stem}"
    while True:
        # Six random digits keep names unguessable and free of other people's brand names.
        name = f"{stem}-{secrets.token_hex(3)}"
        if not Address.objects.filter(name__in=[name, _mark(name)]).exists():
            return Address.objects.create(name=name, created_at=at)


def forget_name(name: str) -> str:
    """Keep that a name was given, and not what it was: it may hold a person's name. Return what stands for it now."""
    Address.objects.filter(name=name).update(name=_mark(name))
    return _mark(name)


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:63]
