"""The ground that machines of a place stand on: a block of networks and of ports that nobody else here seems to use."""

from typing import Any

from django.conf import settings

from cli.container_engine import git_door
from cli.container_engine.routes import routed
from provisioning.models import Fabric

SLOTS = 140
"""Machines of one block; 8 blocks of 140 times 10 ports, from 21000, stay below 32768."""


def block() -> dict[str, Any]:
    """The best one, and not another place's while there is one left."""
    first, door = int(settings.PORTAL_ID[:8], 16), settings.GIT_DOOR_LISTEN.rpartition(":")[0]
    taken = {options.get("subnets") for options in Fabric.standing().values_list("options", flat=True)}
    numbers = git_door.blocks(first, [way.network for way in routed()], door)
    number = next((one for one in numbers if str(git_door.BLOCKS[one]) not in taken), numbers[0])
    ports = 21000 + number * SLOTS * 10
    return {"subnets": str(git_door.BLOCKS[number]), "first_port": ports, "slots": SLOTS}
