"""The one row that everybody who admits must lock."""

from django.db import connection, models
from django.db.models import Q

from provisioning.models import statements


class Admission(models.Model):
    """Exactly one row. Locking it makes counting and admitting one act; on SQLite the IMMEDIATE transaction does that."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    is_open = models.BooleanField(default=True)
    """The "no new launches" switch."""
    quarantined = models.BooleanField(default=False)
    """After a restored database: look at everything, end and destroy nothing, whether it has a row or not."""
    last_person_id = models.BigIntegerField(default=0)
    """Whose turn it was last; the next in line is somebody else if somebody else waits."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="admission_is_one_row")]

    @classmethod
    def let_in(cls, is_open: bool) -> bool:
        """Say whether new launches are let in; what runs goes on. Return False if that was so already."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.filter(pk=1, is_open=not is_open).update(is_open=is_open) == 1

    @classmethod
    def lock(cls) -> "Admission":
        """Lock and return the row. Must be inside a transaction."""
        lock = "WHERE id = 1 FOR UPDATE" if connection.features.has_select_for_update else "WHERE id = 1"
        if not (rows := statements.select(cls, lock)):
            cls.objects.get_or_create(pk=1)
            rows = statements.select(cls, lock)
        return rows[0]
