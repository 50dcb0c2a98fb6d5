"""A configured place that machines come from, and the strangers met there."""

from datetime import datetime

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q

from provisioning.models.fields import SealedJSON
from provisioning.phases import Phase

SLOTS = 1100
"""21000 + 10 * 1100 ports stays below 32768, where the kernel's own port choices begin."""


class Fabric(models.Model):
    """A place: a kind of fabric with its options and limits."""

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    """The folder in provisioning/fabrics/."""
    options = models.JSONField(default=dict, blank=True)
    secrets = SealedJSON(default=dict, blank=True)
    """Options that nobody may read again: keys, passwords. Its driver is given both."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="places"
    )
    """Nobody = the house. Else it is theirs alone: nobody else puts anything there, or chooses it for them."""
    groups = models.ManyToManyField(Group, blank=True, related_name="places", db_table="provisioning_place_groups")
    """Who may use it; none = everybody."""
    monthly_cap = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    """What may be spent here in a month (of UTC), in the place's currency. A launch that would go beyond it waits."""
    is_open = models.BooleanField(default=True, help_text="New machines may be made here.")
    most_machines = models.PositiveIntegerField(default=40)
    most_memory_mib = models.PositiveIntegerField(default=0, help_text="0 = not counted")
    last_slot = models.PositiveIntegerField(default=0)
    """Slots are handed out round and round, so that a freed port is not at once somebody else's."""
    agreed_at = models.DateTimeField(null=True, blank=True)
    """When the last complete roll call agreed with our rows."""
    counted_at = models.DateTimeField(null=True, blank=True)
    """When the last complete roll call was."""
    counted = models.PositiveIntegerField(default=0)
    """How many machines the place itself said there are, strays among them."""
    missed = models.JSONField(default=list, blank=True)
    """Keys of machines that we counted on and that the last complete roll call did not name."""
    away_since = models.DateTimeField(null=True, blank=True)
    """Since when it has not answered."""
    hangs_until = models.DateTimeField(null=True, blank=True)
    """It kept somebody waiting in vain: until then nobody else waits for it."""
    taken_away_at = models.DateTimeField(null=True, blank=True)
    """Since when it is no place of ours any more: its row stays for the books, and nobody asks it anything."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(owner=None), name="place_of_the_house_has_a_name"),
            models.UniqueConstraint(fields=["owner", "name"], name="own_place_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slots(self) -> int:
        """How many machines it has numbers for (provisioning/slots.py)."""
        return int(self.options.get("slots", SLOTS))

    @property
    def holds(self) -> int:
        """How many machines there may be at once: as many as its admin allows, and as it has numbers for."""
        return min(self.most_machines, self.slots)

    @classmethod
    def standing(cls) -> "models.QuerySet[Fabric]":
        """Those that were not taken away."""
        return cls.objects.filter(taken_away_at=None)

    def take_away(self, *, at: datetime) -> bool:
        """Forget how it is reached, and ask it nothing any more. Return False while a machine of ours is there."""
        living = models.Exists(
            apps.get_model("provisioning", "Machine")._default_manager.filter(
                ~models.Q(phase=Phase.GONE), fabric=models.OuterRef("pk")
            )
        )
        name = f"{self.name[:40]} ({at:%Y-%m-%d %H:%M})"  # its name is free for another
        gone = {"taken_away_at": at, "is_open": False, "options": {}, "secrets": {}, "name": name, "away_since": None}
        return Fabric.standing().filter(~living, pk=self.pk).update(**gone) == 1

    def let_in(self, is_open: bool) -> bool:
        """Say whether new machines may be made here; what runs goes on. Return False if that was so already."""
        return Fabric.standing().filter(pk=self.pk, is_open=not is_open).update(is_open=is_open) == 1


class Stray(models.Model):
    """A machine that carries our label and has no living row. Removed only after a second complete list, some time later."""

    fabric = models.ForeignKey(Fabric, on_delete=models.CASCADE, related_name="strays")
    key = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    removal_asked_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fabric", "key"], name="stray_is_known_once")]
