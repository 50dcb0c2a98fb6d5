"""What happened: one row per cause, kept for ever. Timeline, meter and outbox are all read from here."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from provisioning.models import statements
from provisioning.phases import Happened

if TYPE_CHECKING:
    from portal.models import User


class EntryQuerySet(models.QuerySet["Entry"]):
    """Writing and reading what happened."""

    def write(
        self, row: models.Model, happened: Happened, *, at: datetime, cause: str, by: "User | None" = None, **told: Any
    ) -> None:
        """Note that something happened to `row`. The same cause twice is one Entry."""
        self.write_all([entry(row, happened, at=at, cause=cause, by=by, **told)])

    def write_all(self, entries: Iterable["Entry"]) -> None:
        """Note several things in one statement; causes that are known already are passed over."""
        statements.insert_new(list(entries))


class Entry(models.Model):
    """One thing that happened to a deployment, a machine or an event."""

    happened = models.CharField(max_length=10, choices=[(word.value, word.value) for word in Happened])
    at = models.DateTimeField(db_index=True)
    cause = models.CharField(max_length=120, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    event = models.ForeignKey("provisioning.Event", null=True, on_delete=models.CASCADE, related_name="entries")
    deployment = models.ForeignKey(
        "provisioning.Deployment", null=True, on_delete=models.CASCADE, related_name="entries"
    )
    machine = models.ForeignKey("provisioning.Machine", null=True, on_delete=models.CASCADE, related_name="entries")
    told = models.JSONField(default=dict)
    """Code, step, phase, params …: plain values, no secret, no sentence."""
    noticed = models.BooleanField(default=False)
    """Whether notices.py has turned it into mails, or decided that nobody needs one."""

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["noticed", "at"], name="entry_unnoticed", condition=models.Q(noticed=False))]


def entry(
    row: models.Model, happened: Happened, *, at: datetime, cause: str, by: "User | None" = None, **told: Any
) -> Entry:
    """An Entry about `row`, not saved. Causes of different rows never meet: the row's key is put in front.

    What happens to a machine is told of its deployment too, so that one query reads a service's whole timeline.
    """
    kind = row._meta.model_name or ""
    about: dict[str, Any] = {f"{kind}_id": row.pk}
    if kind == "machine":
        about["deployment_id"] = getattr(row, "deployment_id", None)
    return Entry(happened=happened, at=at, cause=f"{kind}:{row.pk}:{cause}"[:120], by=by, told=told, **about)
