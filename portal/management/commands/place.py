"""Makes the place "this computer" from the settings that `./fairground up` wrote, or brings it up to date."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from cli.container_engine import bridge_prefix
from portal.desk.ground import block
from provisioning.models import Fabric

NAME = "This computer"


class Command(BaseCommand):
    """`manage.py place container`."""

    help = "Make or update the place that this computer's container engine is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One word: the kind."""
        parser.add_argument("kind", choices=["container", "memory"])

    def handle(self, *_: Any, **options: Any) -> None:
        """An admin's own limits and further options are kept."""
        kind = options["kind"]
        facts = _engine() if kind == "container" else {}
        place, made = Fabric.objects.get_or_create(
            name=NAME,
            owner=None,
            defaults={"kind": kind, "options": block() | facts, "most_machines": settings.MACHINES_AT_ONCE},
        )
        wanted = {**place.options, **facts}
        if (place.kind, place.options) != (kind, wanted):
            place.kind, place.options = kind, wanted
            place.save(update_fields=["kind", "options"])
        self.stdout.write(f"Place “{NAME}” ({kind}) {'made' if made else 'is there'}.")


def _engine() -> dict[str, Any]:
    return {
        "docker_host": settings.DOCKER_HOST,
        "image": settings.MACHINE_IMAGE,
        "git_door_host": settings.GIT_DOOR_LISTEN.rpartition(":")[0],
        "bridge_prefix": settings.BRIDGE_PREFIX or bridge_prefix(),
        **({"address": settings.PLACE_ADDRESS} if settings.PLACE_ADDRESS else {}),
    }
