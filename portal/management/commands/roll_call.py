"""Counts heads: asks each place which machines of ours it has, now."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from provisioning.models import Fabric
from provisioning.reconciler.world import driver_of


class Command(BaseCommand):
    """`manage.py roll_call`: one line of JSON per place."""

    help = "Ask each place which machines of this portal it has."

    def handle(self, *_: Any, **__: Any) -> None:
        """What the places say themselves, whatever our rows say."""
        for fabric in Fabric.objects.order_by("name"):
            roll = driver_of(fabric).roll_call(within=20)
            told = {"place": fabric.name, "complete": roll.complete, "machines": sorted(roll.keys)}
            self.stdout.write(json.dumps(told))
