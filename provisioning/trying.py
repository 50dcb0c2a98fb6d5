"""A place is tried: the smallest machine is made there, reached, and taken away again, by the reconciler, as a row of its own."""

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

from django.db import IntegrityError, transaction

from catalog.manifest import Manifest, parse
from catalog.models import App, Release
from provisioning import ssh
from provisioning.errors import NotYet
from provisioning.models import Fabric, Machine, statements
from provisioning.models.reconciled import new_key
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Kind, Phase, Settled
from provisioning.prices import HOURS_A_DAY, currency, per_hour, size_of, told
from provisioning.slots import free_slot, frozen_spec

ROLE = "trial"
NOTHING = """
format = 1
id = "a-trial"
name = "A trial"
tagline = "The smallest machine that there is"
license = "MIT"
stateless = true
maintainers = [{ name = "The portal", address = "portal@localhost" }]
[service]
install = "install"
[[port]]
number = 80
primary = true
[health.ready]
path = "/"
contains = "nothing"
[resources]
memory = "128MiB"
disk = "1GiB"
"""


@lru_cache(maxsize=1)
def nothing() -> Manifest:
    """Of an app that is never installed: it only says how small a machine may be."""
    return parse(NOTHING)


def nothing_to_run() -> Release:
    """A release that is no row."""
    return Release(app=App(url=""), commit="", manifest_json=nothing().as_json())


def try_place(place: Fabric, *, at: datetime) -> bool:
    """Ask for a trial. Return False if one is under way, or if the place is full or was taken away."""
    try:
        with transaction.atomic():
            machine = _trial(Fabric.objects.select_for_update().get(pk=place.pk), at)
            statements.insert(machine)
            nudge_on_commit(Kind.MACHINE, machine.pk)
            return True
    except (IntegrityError, NotYet):
        return False


def price_of_a_day(place: Fabric) -> str:
    """What a day of such a machine costs there, as people read it; empty = nothing."""
    return told(per_hour(place, size_of(nothing())) * HOURS_A_DAY, currency(place))


def last_trial(place: Fabric) -> Machine | None:
    """The newest, whatever has become of it."""
    return Machine.objects.filter(fabric=place, deployment=None).order_by("-pk").first()


def _trial(place: Fabric, at: datetime) -> Machine:
    key, slot, size = new_key(), free_slot(place), size_of(nothing())
    host, login = ssh.make_key_pair(), ssh.make_key_pair()
    spec = frozen_spec(key, slot, place.options, size, (), login.public, host.public)
    return Machine(
        key=key, fabric=place, role=ROLE, slot=slot, spec=asdict(spec), memory_mib=size.memory_mib,
        price_per_hour=per_hour(place, size), host_key=host.private.reveal, login_key=login.private.reveal,
        settled=Settled.NEVER_LOADED, phase=Phase.BUILDING, created_at=at, phase_at=at, building_since=at, due_at=at,
    )  # fmt: skip
