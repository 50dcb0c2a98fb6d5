"""What is true at a start at which nobody of ours works yet."""

from datetime import datetime

from provisioning.models import Admission, Deployment, Machine
from provisioning.models.reconciled import woken
from provisioning.phases import Phase


def give_back_leases(at: datetime) -> int:
    """Free the rows that killed workers were working on; else each waits out its lease. Return how many.

    To be called only when all workers have ended. One that was forgotten does no harm to the rows: the next claim raises
    the epoch, and its writes are refused.
    """
    return sum(
        rows._default_manager.filter(lease_until__gt=at).update(lease_until=at) for rows in (Deployment, Machine)
    )


def look_at_what_was_restored(at: datetime) -> int:
    """In quarantine every living row is looked at once now: the world has gone on since the backup. Return how many."""
    if not Admission.objects.filter(quarantined=True).exists():
        return 0
    return sum(rows._default_manager.exclude(phase=Phase.GONE).update(**woken(at)) for rows in (Deployment, Machine))
