"""What a new machine on a fabric is called, how it is reached, and its keys: all from one number, its slot.

Ports and subnets come from here because an engine that chooses them itself chooses anew at every restart.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.conf import settings

from catalog.manifest import Port
from provisioning import ssh
from provisioning.driver import MachineSpec, PortSpec, Size
from provisioning.errors import NotYet
from provisioning.models import Deployment, Fabric, Machine, statements
from provisioning.models.reconciled import new_key
from provisioning.phases import Phase, Stand
from provisioning.prices import per_hour, size_of

FIRST_PORT = 21000
PORTS_EACH = 10
"""One for sshd; a manifest may declare eight."""
SUBNETS = "10.213.0.0/16"
"""Holds 4096 networks of 14 machines. `subnets` among a fabric's options chooses another block."""
LIVING_IN_SLOT = "SELECT count(*) FROM provisioning_machine WHERE fabric_id = %s AND slot = %s AND phase <> 'gone'"
TAKE_SLOT = "UPDATE provisioning_fabric SET last_slot = %s WHERE id = %s"


def new_machine(
    deployment: Deployment,
    fabric: Fabric,
    role: str,
    number: int,
    at: datetime,
    *,
    turn: int = 0,
    stand: Stand = Stand.MAIN,
) -> Machine:
    """A machine's row with its key, its slot, its frozen spec and its keys; not saved."""
    key, slot = new_key(), free_slot(fabric)
    host, login = ssh.make_key_pair(), ssh.make_key_pair()
    size, ports = size_of(deployment.manifest), deployment.manifest.ports
    spec = frozen_spec(key, slot, fabric.options, size, ports, login.public, host.public)
    spec = replace(spec, turn=turn)
    bearer = secrets.token_urlsafe(32)
    return Machine(
        key=key,
        deployment=deployment,
        release_id=deployment.release_id,
        fabric=fabric,
        role=role,
        number=number,
        stand=stand,
        slot=slot,
        spec=asdict(spec),
        memory_mib=size.memory_mib,
        price_per_hour=per_hour(fabric, size, turn),
        host_key=host.private.reveal,
        login_key=login.private.reveal,
        git_bearer=bearer,
        git_bearer_sha256=hashlib.sha256(bearer.encode()).hexdigest(),
        phase=Phase.BUILDING,
        attempt=deployment.attempt,
        created_at=at,
        phase_at=at,
        building_since=at,
        due_at=at,
    )


def spec_of(machine: Machine) -> MachineSpec:
    """The frozen spec of a row."""
    frozen: dict[str, Any] = machine.spec
    ports = tuple(PortSpec(**port) for port in frozen["ports"])
    return MachineSpec(**{**frozen, "size": Size(**frozen["size"]), "ports": ports})


def free_slot(fabric: Fabric) -> int:
    """The next number that no machine there has. Written down, so that the one after is another.

    Raises NotYet where all are taken.
    """
    for ahead in range(fabric.slots):
        slot = (fabric.last_slot + ahead) % fabric.slots + 1
        if not statements.line(LIVING_IN_SLOT, fabric.pk, slot)[0]:
            statements.change(TAKE_SLOT, slot, fabric.pk)
            return slot
    raise NotYet("no-room")


def frozen_spec(
    key: str, slot: int, options: Mapping[str, Any], size: Size, ports: Sequence[Port], login: str, host: str
) -> MachineSpec:
    """All that a place is told about a machine with this number."""
    first = int(options.get("first_port", FIRST_PORT)) + (slot - 1) * PORTS_EACH
    block = ipaddress.IPv4Network(options.get("subnets", SUBNETS))
    subnet = ipaddress.IPv4Network((int(block.network_address) + (slot % (block.num_addresses // 16)) * 16, 28))
    return MachineSpec(
        key=key,
        owner=settings.PORTAL_ID,
        size=size,
        ports=tuple(PortSpec(port.name, port.number, first + 1 + i) for i, port in enumerate(ports)),
        ssh_port=first,
        subnet=str(subnet),
        authorized_key=login,
        host_public_key=host,
    )
