"""How a service's own page looks to a visitor."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from provisioning.phases import Phase, Wanted

if TYPE_CHECKING:
    from provisioning.models.deployment import Deployment

EVERY = timedelta(hours=24)
AGAIN = timedelta(hours=1)
"""After a try that brought none."""
OPEN = Q(deployment__phase=Phase.READY, deployment__wanted=Wanted.UP, deployment__suspended_at=None)
"""Of a picture: its service is open to visitors."""


class PictureQuerySet(models.QuerySet["Picture"]):
    """Claiming a try, and keeping what came of it."""

    def claim(self, deployment: "Deployment", at: datetime) -> bool:
        """Note that somebody tries now. Return False if somebody else was quicker."""
        tried = self.filter(deployment=deployment).values_list("tried_at", flat=True).first()
        if tried is None:
            return self.get_or_create(deployment=deployment, defaults={"tried_at": at})[1]
        return self.filter(deployment=deployment, tried_at=tried).update(tried_at=at) == 1

    def keep(self, deployment: "Deployment", data: bytes, *, at: datetime) -> bool:
        """Keep a picture that was begun at `at`. Return False if the service is not open any more, or was taken off."""
        mine = self.filter(OPEN, deployment=deployment, tried_at=at)
        return self.filter(pk__in=list(mine.values_list("pk", flat=True))).update(data=data, taken_at=at) == 1

    def showing(self, deployment: "Deployment") -> "PictureQuerySet":
        """The one to be shown, if there is one and the service is open."""
        return self.filter(OPEN, deployment=deployment, taken_at__isnull=False)

    def over(self) -> "PictureQuerySet":
        """Of services that end, or have ended."""
        return self.filter(Q(deployment__wanted=Wanted.GONE) | Q(deployment__phase=Phase.GONE))


class Picture(models.Model):
    """The newest picture of a service's page; gone when the service is."""

    deployment = models.OneToOneField("provisioning.Deployment", on_delete=models.CASCADE, related_name="picture")
    tried_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    data = models.BinaryField(default=bytes)
    """WebP, at most 60 kB; empty until one was taken."""

    objects = PictureQuerySet.as_manager()

    @staticmethod
    def is_due(at: datetime) -> Q:
        """Of a deployment: open to visitors, and without a picture of this day or of this start."""
        is_open = Q(phase=Phase.READY, wanted=Wanted.UP, silent_since=None, suspended_at=None)
        is_missing = Q(picture=None) | Q(picture__taken_at=None, picture__tried_at__lt=at - AGAIN)
        is_old = Q(picture__tried_at__lt=at - EVERY) | Q(picture__tried_at__lt=F("ready_at"))
        return is_open & (is_missing | is_old)
