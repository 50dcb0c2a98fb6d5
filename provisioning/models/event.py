"""The occasion: a window of time that every deployment belongs to."""

import zoneinfo
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.utils.text import slugify

from provisioning.models.entry import Entry
from provisioning.models.reconciled import new_key, woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Lane, Wanted

if TYPE_CHECKING:
    from portal.models import User


class Event(models.Model):
    """Somebody's occasion. `closes_at` is the latest end of everything in it."""

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="events")
    zone = models.CharField(max_length=64, default="UTC")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    most_services = models.PositiveIntegerField(default=20)
    created_at = models.DateTimeField()
    public_name = models.SlugField(max_length=60, unique=True, blank=True, null=True, editable=False)
    """The end of its public page's address; None = it has no such page."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="event_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tzinfo(self) -> zoneinfo.ZoneInfo:
        """The event's own zone, for pages and mails."""
        return zoneinfo.ZoneInfo(self.zone)

    @transaction.atomic
    def move(self, to: datetime, *, by: "User | None", at: datetime) -> bool:
        """Let the event, and everything in it that ends with it, end at another time. The only way an end moves.

        Return False if it ends then already, or if `to` is not in the future.
        """
        if to <= at:
            return False
        moved = Event.objects.filter(pk=self.pk, opens_at__lt=to).exclude(closes_at=to).update(closes_at=to) == 1
        if moved:
            old, self.closes_at = self.closes_at, to
            self._move_deployments(to, at)
            Entry.objects.write(
                self,
                Happened.EXTENSION,
                by=by,
                at=at,
                cause=f"move:{at.isoformat()}",
                was=old.isoformat(),
                to=to.isoformat(),
            )
        return moved

    def _move_deployments(self, to: datetime, at: datetime) -> None:
        living = self.deployments.filter(wanted=Wanted.UP)
        ending = Case(
            When(expires_at=F("closes_at"), then=to), When(expires_at__gt=to, then=to), default=F("expires_at")
        )
        living.update(expires_at=ending, closes_at=to, **woken(at, Lane.PERSON))
        for pk in living.values_list("pk", flat=True):
            nudge_on_commit(Kind.DEPLOYMENT, pk)

    @transaction.atomic
    def end_now(self, *, by: "User | None", at: datetime) -> bool:
        """Ask for every service of this event to go. Return False if there was none left to ask."""
        asked = [deployment.retire(by=by, at=at) for deployment in self.deployments.filter(wanted=Wanted.UP)]
        return any(asked)

    def show(self) -> bool:
        """Give it a public page, always at the same address while its name is the same. Return False if it has one."""
        name = f"{slugify(self.name)[:40].strip('-') or 'event'}-{self.key[:8]}"
        return Event.objects.filter(pk=self.pk, public_name=None).update(public_name=name) == 1

    def hide(self) -> bool:
        """Take its public page away. Return False if there is none."""
        return Event.objects.filter(pk=self.pk).exclude(public_name=None).update(public_name=None) == 1
