"""What visitors find wrong at an address."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from provisioning.phases import Decision, Reason

if TYPE_CHECKING:
    from portal.models import User


class Report(models.Model):
    """One visitor's word about one address. No account is needed for it."""

    host = models.CharField(max_length=253)
    deployment = models.ForeignKey(
        "provisioning.Deployment", null=True, on_delete=models.SET_NULL, related_name="reports"
    )
    """What this address was given to; empty where it was given to nothing."""
    reason = models.CharField(max_length=6, choices=[(word.value, word.value) for word in Reason])
    words = models.TextField(blank=True)
    mail = models.EmailField(max_length=254, blank=True)
    """Where the answer goes; forgotten as soon as there is one."""
    language = models.CharField(max_length=12, blank=True)
    """Which the page was in that they wrote on; so is the answer."""
    at = models.DateTimeField()
    decision = models.CharField(
        max_length=9, choices=[(word.value, word.value) for word in Decision], default=Decision.OPEN
    )
    answer = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"], name="report_open", condition=Q(decision=Decision.OPEN))]

    def __str__(self) -> str:
        return self.host

    def decide(self, decision: Decision, *, answer: str, by: "User", at: datetime) -> bool:
        """Close it, and forget where the answer goes. Return False if somebody has closed it already."""
        still = Report.objects.filter(pk=self.pk, decision=Decision.OPEN)
        return still.update(decision=decision, answer=answer, mail="", decided_by=by, decided_at=at) == 1
