"""Names of services: given once, and never to another."""

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
        if not Address.objects.filter(name=name).exists():
            return Address.objects.create(name=name, created_at=at)
