"""Makes the place "this computer" from the settings that `./fairground up` wrote, or brings it up to date."""

import ipaddress
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from cli.container_engine import bridge_prefix
from provisioning.models import Fabric

NAME = "This computer"
BLOCKS = 8
"""Two installations on one computer take their networks and ports from different blocks of these, if they can."""
SLOTS = 140  # machines of one block; 8 blocks of 140 times 10 ports, from 21000, stay below 32768
NETWORKS = ipaddress.IPv4Network("10.213.0.0/16")


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
            defaults={"kind": kind, "options": _room() | facts, "most_machines": settings.MACHINES_AT_ONCE},
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


def _room() -> dict[str, Any]:
    """A block of networks and ports that nobody else here seems to use."""
    first = int(settings.PORTAL_ID[:8], 16) % BLOCKS
    blocks = list(NETWORKS.subnets(new_prefix=19))
    taken = list(_routed())
    order = [(first + step) % BLOCKS for step in range(BLOCKS)]
    block = next((one for one in order if not any(blocks[one].overlaps(net) for net in taken)), first)
    return {"subnets": str(blocks[block]), "first_port": 21000 + block * SLOTS * 10, "slots": SLOTS}


def _routed(table: Path = Path("/proc/net/route")) -> Iterator[ipaddress.IPv4Network]:
    """Networks that this computer has a way to, the default route left out."""
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    for _, target, _, _, _, _, _, mask, *_ in (line.split() for line in lines):
        address, bits = (int.from_bytes(bytes.fromhex(word), "little") for word in (target, mask))
        if bits:
            yield ipaddress.IPv4Network((address, bits.bit_count()))
