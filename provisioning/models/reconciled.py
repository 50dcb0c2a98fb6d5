"""What both living rows share: a wish, a phase, a next look, and a lease."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import F, Q

from provisioning.phases import Lane, Phase, Wanted

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def new_key() -> str:
    """32 hex digits, unguessable."""
    return uuid.uuid4().hex


def choices(words: type[Phase] | type[Wanted]) -> list[tuple[str, str]]:
    """The words of an enum as Django's choices."""
    return [(word.value, word.value) for word in words]


class Reconciled(models.Model):
    """A row that the reconciler brings from where it is to where it is wanted."""

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    wanted = models.CharField(max_length=8, choices=choices(Wanted), default=Wanted.UP)
    phase = models.CharField(max_length=8, choices=choices(Phase), default=Phase.WAITING)
    lane = models.PositiveSmallIntegerField(default=Lane.PERSON)
    attempt = models.PositiveIntegerField(default=1)
    """Raised by `retry()`; carried by remote jobs and step records."""
    failed_attempt = models.PositiveIntegerField(default=0)
    """The attempt that gave up last; smaller than `attempt` = a retry is wished for."""

    wakes = models.PositiveBigIntegerField(default=0)
    """Grows with every reason to look; a pass that saw an older number looks again at once."""
    due_at = models.DateTimeField(null=True)
    lease_epoch = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(default=LONG_AGO)

    steps_done = models.JSONField(default=list)
    """Names of the plan's steps that became true, in order."""
    step = models.CharField(max_length=40, blank=True)
    """The step the row is at."""
    waiting_since = models.DateTimeField(null=True)
    """Since when the row has been at `step`."""
    tries = models.PositiveIntegerField(default=0)
    """Failures of the same step in a row; drives the back-off."""
    problem = models.CharField(max_length=60, blank=True)
    problem_params = models.JSONField(default=dict)
    blame = models.CharField(max_length=8, blank=True)
    waits_for = models.CharField(max_length=60, blank=True)
    """The code that the last pass stopped with, be it nothing wrong or a problem; empty when it went on."""

    created_at = models.DateTimeField()
    phase_at = models.DateTimeField()
    """Since when the row is in its phase."""
    building_since = models.DateTimeField(null=True)
    """When it was admitted, or retried."""
    ready_at = models.DateTimeField(null=True)
    """When it was ready first; set = people may have put something into it."""

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(phase=Phase.GONE) | Q(due_at__isnull=False),
                name="%(class)s_not_gone_has_a_next_look",
            ),
            models.CheckConstraint(condition=Q(phase__in=list(Phase)), name="%(class)s_phase_is_known"),
            models.CheckConstraint(condition=Q(wanted__in=list(Wanted)), name="%(class)s_wish_is_known"),
            models.CheckConstraint(
                condition=~Q(phase__in=[Phase.RETIRING, Phase.GONE]) | Q(wanted=Wanted.GONE),
                name="%(class)s_goes_only_when_asked",
            ),
        ]
        indexes = [
            models.Index(fields=["lane", "due_at"], name="%(class)s_due"),
            models.Index(fields=["due_at"], name="%(class)s_due_in_any_lane"),
        ]

    def wake_parent(self, at: datetime) -> None:
        """Give the row that waits for this one a reason to look. Called first in the transaction that moves this row."""

    @property
    def is_gone(self) -> bool:
        """Nothing is left of it."""
        return self.phase == Phase.GONE

    @property
    def is_to_be_cut(self) -> bool:
        """It was suspended: nobody may come in, and nothing out."""
        return False

    @property
    def is_changing_places(self) -> bool:
        """It is being brought from one machine to another."""
        return False

    @property
    def is_retry_wished(self) -> bool:
        """It failed, and somebody asked to try again since."""
        return self.phase == Phase.FAILED and self.attempt > self.failed_attempt


def overtaken(at: datetime) -> dict[str, Any]:
    """The columns that end whatever pass is under way: its next write is refused, and the row can be claimed at once."""
    return {"lease_epoch": F("lease_epoch") + 1, "lease_until": at}


def woken(at: datetime, lane: Lane | None = None) -> dict[str, Any]:
    """The columns that make a row looked at now; to be part of the update that gives the reason."""
    wake: dict[str, Any] = {"wakes": F("wakes") + 1, "due_at": at}
    return wake if lane is None else wake | {"lane": lane}
