"""What would be lost with the portal, as JSON, for `./fairground remove`."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from provisioning.models import Archive, Deployment, House
from provisioning.phases import Phase


class Command(BaseCommand):
    """`manage.py belongings`: looks only."""

    help = "Tell as JSON the portal's name, the services that live, and the kept copies of services."

    def handle(self, *_: Any, **__: Any) -> None:
        """Each with the name of its event."""
        alive = Deployment.objects.exclude(phase=Phase.GONE).select_related("event").order_by("pk")
        kept = Archive.objects.filter(deleted_at=None).select_related("deployment__event").order_by("pk")
        told = {
            "name": House.here().name,
            "services": [{"title": str(one), "event": one.event.name, "phase": one.phase} for one in alive],
            "copies": [
                {
                    "file": copy.name,
                    "title": str(copy.deployment),
                    "event": copy.deployment.event.name,
                    "made": copy.verified_at.isoformat(timespec="seconds"),
                    "size": copy.size,
                    "sha256": copy.sha256,
                }
                for copy in kept
            ],
        }
        self.stdout.write(json.dumps(told))
