"""How many visitors services had, day by day; nothing by which anybody could be known again."""

from collections.abc import Set as AbstractSet
from datetime import date

from django.db import models
from django.db.models import Q, Sum

WIDTH = 4
"""Bytes of a mark."""
MOST = 50_000
"""Marks of one service and day; from then on nobody more is counted on it."""


class VisitsQuerySet(models.QuerySet["Visits"]):
    """Counting, and forgetting who was counted."""

    def take(self, deployment: int, day: date, marks: AbstractSet[bytes]) -> None:
        """Count those who have not been counted on that day. Inside a transaction that nobody else is in."""
        row, _ = self.get_or_create(deployment_id=deployment, day=day)
        known = bytes(row.marks)
        all_marks = {known[at : at + WIDTH] for at in range(0, len(known), WIDTH)} | marks
        kept = b"".join(sorted(all_marks)[:MOST])
        self.filter(pk=row.pk).update(marks=kept, number=len(kept) // WIDTH)

    def forget_marks(self) -> None:
        """Forget who was counted on days that are over; the numbers stay."""
        today = VisitLog.here().day
        self.filter(day__lt=today or date.min).exclude(marks=b"").update(marks=b"")

    def total(self) -> int:
        """All of them together: who came on three days counts three times."""
        return self.aggregate(sum=Sum("number"))["sum"] or 0


class Visits(models.Model):
    """One service on one day."""

    deployment = models.ForeignKey("provisioning.Deployment", on_delete=models.CASCADE, related_name="visits")
    day = models.DateField()
    number = models.PositiveIntegerField(default=0)
    marks = models.BinaryField(default=bytes)
    """Of those who are counted, four bytes each; empty once the day is over."""

    objects = VisitsQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deployment", "day"], name="visits_of_a_day_are_one_row")]


class VisitLog(models.Model):
    """Exactly one row: the day whose marks come in now, and how far the front door's log was read."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    day = models.DateField(null=True)
    file = models.CharField(max_length=20, blank=True)
    offset = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="visit_log_is_one_row")]

    @classmethod
    def here(cls) -> "VisitLog":
        """The row."""
        return cls.objects.get_or_create(pk=1)[0]

    def turn(self, day: date) -> None:
        """Begin a day, if it is a new one; no day comes back."""
        VisitLog.objects.filter(Q(day=None) | Q(day__lt=day), pk=1).update(day=day)

    def read_on(self, file: str, offset: int) -> bool:
        """Note how far the log was read from here. Return False if somebody else has read on, or the day is over."""
        mine = VisitLog.objects.filter(pk=1, day=self.day, file=self.file, offset=self.offset)
        return mine.update(file=file, offset=offset) == 1
