"""Counts heads for `./fairground roll-call`, `status` and `doctor`: what we say and what each place says, now."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import now

from provisioning.errors import Stop
from provisioning.models import Fabric
from provisioning.reconciler import count_heads, the_world


class Command(BaseCommand):
    """`manage.py roll_call`: one line of JSON per place. Looks only."""

    help = "Ask each place which machines of this portal it has, and compare with our rows."

    def handle(self, *_: Any, **__: Any) -> None:
        """A place that does not answer says so, and does not hinder the next."""
        for told in roll_call():
            self.stdout.write(json.dumps(told))


def roll_call() -> Iterator[dict[str, Any]]:
    """Both sides of the count at each place, by key; "why" where it does not answer."""
    for fabric in Fabric.standing().order_by("name", "pk"):
        told: dict[str, Any] = {"place": fabric.name, "complete": False, "machines": []}
        try:
            heads = count_heads(fabric, now(), the_world())
        except Stop as stop:
            yield told | {"why": str(stop)}
            continue
        yield told | {
            "complete": heads.complete,
            "ours": sorted(heads.ours),
            "machines": sorted(heads.theirs),
            "strays": sorted(heads.strays),
            "ghosts": sorted(heads.ghosts),
        }
