"""What only the database and the places know, as JSON, for `./fairground status` and `doctor`."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Sum

from portal.mail import outbox
from portal.management.commands.roll_call import roll_call
from provisioning.errors import Stop
from provisioning.models import Admission, Archive, Deployment, Fabric
from provisioning.phases import Phase
from provisioning.reconciler.world import the_vault


class Command(BaseCommand):
    """`manage.py facts`: looks only."""

    help = "Tell as JSON what runs, what is pending, and where rows and places differ."

    def handle(self, *_: Any, **__: Any) -> None:
        """Before the first migration there is little to tell."""
        told: dict[str, Any] = {"migrations": pending_migrations()}
        told["is_empty"] = "provisioning_deployment" not in connection.introspection.table_names()
        if not told["migrations"]:
            told |= _facts()
        self.stdout.write(json.dumps(told))


def pending_migrations() -> int:
    """How many changes of the database wait."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _facts() -> dict[str, Any]:
    alive = Deployment.objects.exclude(phase=Phase.GONE)
    counted = alive.values_list("phase").annotate(many=Count("pk")).order_by("phase")
    room = [_room(fabric) for fabric in Fabric.objects.filter(is_open=True).order_by("name")]
    return {
        "services": dict(counted),
        "quarantined": Admission.objects.filter(quarantined=True).exists(),
        "places": {told["place"]: told for told in roll_call()},
        "room": sum(room),
        "copies": _copies(),
        "mail": {"embedded": settings.EMBEDDED_MAIL, "unsent": outbox.unsent().count()},
    }


def _copies() -> dict[str, Any]:
    """How many there are; or why nobody answers where they are kept."""
    try:
        the_vault().size("doctor")
    except (Stop, OSError) as trouble:
        params = trouble.params if isinstance(trouble, Stop) else {}
        return {"why": str(params.get("why", trouble))}
    kept = Archive.objects.filter(deleted_at=None).aggregate(kept=Count("pk"), size=Sum("size"))
    return {"kept": kept["kept"], "size": kept["size"] or 0}


def _room(fabric: Fabric) -> int:
    used = fabric.machines.exclude(phase=Phase.GONE).count()
    return max(0, fabric.holds - used)
