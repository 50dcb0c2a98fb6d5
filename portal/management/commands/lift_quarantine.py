"""Ends the quarantine of a restored portal."""

from typing import Any

from django.core.management.base import BaseCommand

from provisioning.models import Admission


class Command(BaseCommand):
    """`manage.py lift_quarantine`."""

    help = "From now on the portal may end and remove things again; machines without a row go after ten minutes."

    def handle(self, *_: Any, **__: Any) -> None:
        """Harmless when done again."""
        changed = Admission.objects.filter(quarantined=True).update(quarantined=False)
        self.stdout.write("The quarantine is lifted." if changed else "There was no quarantine.")
