"""Kept copies."""

from django.db import models
from django.db.models import Q


class Archive(models.Model):
    """A copy of a machine's declared paths, read back and found whole."""

    deployment = models.ForeignKey("provisioning.Deployment", on_delete=models.PROTECT, related_name="archives")
    machine = models.ForeignKey("provisioning.Machine", on_delete=models.PROTECT, related_name="archives")
    name = models.CharField(max_length=200, unique=True)
    """Its name in the vault."""
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    verified_at = models.DateTimeField()
    delete_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="archive_is_not_empty")]
