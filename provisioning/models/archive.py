"""Kept copies."""

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Q

from provisioning.models.address import Address
from provisioning.phases import CopyKind, Phase

if TYPE_CHECKING:
    from portal.models import User


class Archive(models.Model):
    """A copy of a machine's declared paths, read back and found whole."""

    deployment = models.ForeignKey("provisioning.Deployment", on_delete=models.PROTECT, related_name="archives")
    machine = models.ForeignKey("provisioning.Machine", on_delete=models.PROTECT, related_name="archives")
    name = models.CharField(max_length=200, unique=True)
    """Its name in the vault."""
    kind = models.CharField(max_length=7, choices=[(word.value, word.value) for word in CopyKind], default=CopyKind.END)
    is_surplus = models.BooleanField(default=False)
    """Newer ones have taken its place: it is deleted without a word, and never a copy of an end."""
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    verified_at = models.DateTimeField()
    delete_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="archive_is_not_empty"),
            models.CheckConstraint(condition=Q(kind__in=list(CopyKind)), name="archive_kind_is_known"),
            models.CheckConstraint(
                condition=Q(is_surplus=False) | ~Q(kind=CopyKind.END), name="archive_of_an_end_is_never_surplus"
            ),
        ]

    def address_for(self, person: "User") -> str:
        """The name that its service had, for a new one of the same owner; empty if it is another's, or in use.

        Inside a transaction, two who ask at the same moment take turns.
        """
        before = self.deployment
        if before.owner_id != person.pk or not Address.objects.select_for_update().filter(name=before.name).exists():
            return ""
        same = apps.get_model("provisioning", "Deployment")._default_manager.filter(name=before.name)
        return "" if same.exclude(phase=Phase.GONE).exists() else before.name
