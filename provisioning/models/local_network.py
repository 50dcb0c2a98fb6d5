"""Addresses on a local network without DNS: the portal's own, and a port of the front door for each service.

A port belongs to its deployment until that is gone and some days longer, so that an old bookmark or poster leads to
"ended" and never to somebody else's service.
"""

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Max, QuerySet

from provisioning.models.admission import Admission
from provisioning.models.reconciled import LONG_AGO
from provisioning.phases import Phase

KEPT = timedelta(days=7)
"""How long after its end a service's port is nobody's."""


class NoPortLeftError(Exception):
    """All ports of this local network are taken. Fewer services at once, or a wider range in LAN_PORTS."""


def ports() -> range:
    """The front door's ports for services."""
    first, _, last = settings.LAN_PORTS.partition("-")
    return range(int(first), int(last) + 1)


def reserve(at: datetime, name: str = "") -> int | None:
    """A port for a new service, the one that was nobody's for longest; None where services have names.

    A service that takes over the name of one that is gone gets its port back, unless that was given to another since.

    To be called inside the transaction that writes the deployment. Raises NoPortLeftError.
    """
    if not settings.LAN_ADDRESS:
        return None
    Admission.lock()  # two who reserve at the same moment take turns
    given = _deployments().filter(port__isnull=False)
    last = given.filter(name=name).order_by("-pk").first()
    if last and last.port in ports() and not given.filter(port=last.port, pk__gt=last.pk).exists():
        return int(last.port)
    used = dict(given.values_list("port").annotate(Max("phase_at")).order_by())
    taken = set(given.exclude(phase=Phase.GONE, phase_at__lte=at - KEPT).values_list("port", flat=True))
    free = [port for port in ports() if port not in taken]
    if not free:
        raise NoPortLeftError
    return min(free, key=lambda port: (used.get(port, LONG_AGO), port))


def give_to_all(at: datetime) -> int:
    """Give a port to every living service that has none; return to how many. For the start on a local network."""
    without = list(_deployments().filter(port=None).exclude(phase=Phase.GONE).order_by("pk"))
    for row in without:
        _deployments().filter(pk=row.pk, port=None).update(port=reserve(at))
    return len(without)


def _deployments() -> QuerySet[Any]:
    return apps.get_model("provisioning", "Deployment")._default_manager.all()
