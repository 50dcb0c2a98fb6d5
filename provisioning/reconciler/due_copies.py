"""Which copy of a running service is due, and what becomes of the older ones when it is made."""

from datetime import datetime

from django.db.models import QuerySet

from provisioning.models import Archive, Deployment, House, Machine
from provisioning.models.house import copies_of_each
from provisioning.nights import last_night
from provisioning.phases import CopyKind, Phase, Wanted
from provisioning.step import DueCopy


def due_copy(machine: Machine, at: datetime) -> DueCopy | None:
    """The copy that is to be made now. Whoever asked comes first; a night that went by unused is made up for once."""
    deployment = machine.deployment
    if deployment.wanted != Wanted.UP or deployment.phase != Phase.READY or deployment.manifest.archive is None:
        return None
    if machine.copy_asked_at != machine.copied_at and machine.copy_asked_at:
        return _due(machine, CopyKind.ASKED, machine.copy_asked_at, copies_of_each(deployment.owner_id).size)
    night = last_night(machine.key, deployment.event.tzinfo, at)
    since = machine.night_done_at or machine.ready_at
    if since is None or since >= night or not House.here().nightly_copies:
        return None
    return _due(machine, CopyKind.NIGHTLY, night, None)


def _due(machine: Machine, kind: CopyKind, at: datetime, most: int | None) -> DueCopy:
    job = f"archive-{kind}-{at:%Y%m%dt%H%M%S}"
    return DueCopy(kind, at, job, f"{machine.deployment.name}-{machine.key[:8]}-{job}.tar.gz", most)


def make_room(deployment: Deployment, kind: CopyKind) -> None:
    """A copy has just been kept: those whose place it takes are surplus. In the transaction that keeps it."""
    match kind:
        case CopyKind.END:
            _give_up(_kept(deployment=deployment, kind=CopyKind.NIGHTLY))
        case CopyKind.NIGHTLY:
            nights = _kept(deployment=deployment, kind=CopyKind.NIGHTLY)
            _give_up(nights.filter(pk__in=list(nights.values_list("pk", flat=True)[House.here().nightly_copies :])))
        case CopyKind.ASKED:
            _give_up_oldest_asked(deployment.owner_id)


def _kept(**which: object) -> QuerySet[Archive]:
    """The newest first."""
    return Archive.objects.filter(deleted_at=None, is_surplus=False, **which).order_by("-verified_at", "-pk")


def _give_up(copies: QuerySet[Archive]) -> None:
    copies.order_by().update(is_surplus=True)


def _give_up_oldest_asked(owner: int) -> None:
    """As many of the newest as this person may have, in number and in size. The one just made always fits."""
    most, asked = copies_of_each(owner), _kept(deployment__owner=owner, kind=CopyKind.ASKED)
    stay, size = [], 0
    for pk, bytes_ in asked.values_list("pk", "size")[: max(most.number, 1)]:
        size += bytes_
        if size > most.size:
            break
        stay.append(pk)
    _give_up(asked.exclude(pk__in=stay))
