"""One computer on a fabric, doing one role of one deployment."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from catalog.manifest import Manifest
from catalog.models import Release
from provisioning.models import statements
from provisioning.models.entry import Entry
from provisioning.models.fabric import Fabric
from provisioning.models.fields import SealedJSON, SealedText
from provisioning.models.reconciled import Reconciled, woken
from provisioning.nights import next_night
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Lane, Phase, Settled, Stand, Wanted

if TYPE_CHECKING:
    from portal.models import User
    from provisioning.models.deployment import Deployment


MOVE_PATIENCE = timedelta(hours=1)
"""How long a move may take longer than a launch: its copy is made, fetched and read back meanwhile."""


class Machine(Reconciled):
    """A machine's row exists, with its key and frozen spec, before the fabric is asked for it; and until it is seen absent."""

    # None for a trial alone, which no code of a deployment ever meets.
    deployment: "models.ForeignKey[Deployment, Deployment]" = models.ForeignKey(  # type: ignore[misc]
        "provisioning.Deployment", null=True, on_delete=models.PROTECT, related_name="machines", db_index=False
    )
    release: "models.ForeignKey[Release, Release]" = models.ForeignKey(  # type: ignore[misc]
        Release, null=True, on_delete=models.PROTECT, related_name="+"
    )
    fabric = models.ForeignKey(Fabric, on_delete=models.PROTECT, related_name="machines", db_index=False)
    role = models.CharField(max_length=30, default="main")
    number = models.PositiveSmallIntegerField(default=1)
    stand = models.CharField(max_length=6, blank=True, default="", choices=[(word.value, word.value) for word in Stand])
    slot = models.PositiveIntegerField()
    """Its ports and its subnet on the fabric follow from this number."""
    spec = models.JSONField()
    """MachineSpec, frozen."""
    memory_mib = models.PositiveIntegerField()
    """Of the spec, as a column to be summed."""
    price_per_hour = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    """What its place asked for it when it was made, in the place's currency."""
    host_key = SealedText(blank=True)
    enrolled_key = models.TextField(blank=True)
    """Host key that the machine made itself and told us, once, with the word it was given for that."""
    login_key = SealedText(blank=True)
    git_bearer = SealedText(blank=True)
    git_bearer_sha256 = models.CharField(max_length=64, blank=True, db_index=True)

    asked_at = models.DateTimeField(null=True)
    """When the fabric was first asked for it."""
    removal_asked_at = models.DateTimeField(null=True)
    absent_at = models.DateTimeField(null=True)
    """When it was first seen absent since."""
    sighting = models.JSONField(default=dict)
    seen_since = models.DateTimeField(null=True)
    """Since when its place says what it says: starting, running."""
    place_id = models.CharField(max_length=100, blank=True)
    """What its place called it last; stays when it is gone, because a place tells of that later."""
    ends_itself_at = models.DateTimeField(null=True)
    """When it stops by itself if it hears nothing of us any more, as it was told last."""
    facts = models.JSONField(default=dict)

    settled = models.CharField(max_length=14, blank=True, choices=[(word.value, word.value) for word in Settled])
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    hold_until = models.DateTimeField(null=True)
    """Its copy could not be made; it is kept, with everything stopped, until then and beyond unless an admin waives."""

    log_job = models.CharField(max_length=64, blank=True)
    log_offset = models.PositiveBigIntegerField(default=0)
    """How far the output of its last job has been read; the bytes are LogChunks."""
    outputs = SealedJSON(default=dict)
    content_commit = models.CharField(max_length=64, blank=True)
    content_at = models.DateTimeField(null=True)
    content_problem = models.CharField(max_length=60, blank=True)
    restart_asked_at = models.DateTimeField(null=True)
    restarted_at = models.DateTimeField(null=True)
    pull_asked_at = models.DateTimeField(null=True)
    pulled_at = models.DateTimeField(null=True)
    copy_asked_at = models.DateTimeField(null=True)
    copied_at = models.DateTimeField(null=True)
    """Which asking has been answered, by a copy or by why there is none."""
    night_done_at = models.DateTimeField(null=True)
    """The last night whose copy is made, or given up."""
    copy_problem = models.CharField(max_length=60, blank=True)
    """Why the last copy of it while it runs could not be made; empty if it could."""
    is_nearly_full = models.BooleanField(default=False)
    """Its disk, at the last look."""

    class Meta(Reconciled.Meta):
        constraints = [
            *Reconciled.Meta.constraints,
            models.UniqueConstraint(
                fields=["deployment", "role", "number", "stand"],
                condition=Q(wanted=Wanted.UP),
                name="one_machine_up_per_role_and_number",
            ),
            models.UniqueConstraint(
                fields=["fabric", "slot"], condition=~Q(phase=Phase.GONE), name="one_machine_per_slot"
            ),
            models.CheckConstraint(
                condition=Q(removal_asked_at__isnull=True) | ~Q(settled=Settled.NOT_YET),
                name="machine_is_removed_only_when_settled",
            ),
            models.CheckConstraint(
                condition=~Q(phase=Phase.GONE) | Q(asked_at__isnull=True) | Q(absent_at__isnull=False),
                name="machine_is_gone_only_when_seen_absent",
            ),
            models.CheckConstraint(
                condition=Q(deployment__isnull=False, release__isnull=False) | Q(settled=Settled.NEVER_LOADED),
                name="machine_of_nobody_holds_nothing",
            ),
            models.UniqueConstraint(
                fields=["fabric"], condition=Q(deployment=None) & ~Q(phase=Phase.GONE), name="one_trial_at_a_time"
            ),
            models.CheckConstraint(condition=Q(settled__in=list(Settled)), name="machine_settled_is_known"),
        ]
        indexes = [
            *Reconciled.Meta.indexes,
            models.Index(fields=["deployment", "phase"], name="machine_of_deployment"),
            models.Index(fields=["fabric", "phase", "memory_mib"], name="machine_room"),
            models.Index(fields=["fabric", "slot"], name="machine_slot"),
            models.Index(fields=["fabric", "place_id"], name="machine_at_place"),
        ]

    @property
    def is_trial(self) -> bool:
        """It is made to see whether its place makes machines, and goes at once; nothing is ever put on it."""
        return self.deployment_id is None

    def __str__(self) -> str:
        return f"{self.role} {self.number} ({self.key[:8]})"

    keep_every = timedelta(minutes=5)
    """How often a ready one is looked at by itself; a roll call counts all of them every minute, in one question."""

    def next_keeping(self, at: datetime) -> datetime:
        """When it is looked at next if nothing happens: in time for its copy of the night."""
        if self.is_trial:
            return at
        return min(at + self.keep_every, next_night(self.key, self.deployment.event.tzinfo, at))

    @staticmethod
    def patience(manifest: Manifest) -> timedelta:
        """How long setting up a machine may take: ten minutes to boot, ten to load, and what the app asks for its programs.

        EC2 instances answer after about 30 s (ec2-boot-bench), containers after 1 s: ten minutes mean that it never will.
        """
        return timedelta(minutes=20) + 2 * manifest.service.timeout

    @property
    def gives_up_at(self) -> datetime:
        """The latest moment at which setting it up is given up."""
        waits = MOVE_PATIENCE if self.stand == Stand.NEXT else timedelta(0)
        return (self.building_since or self.created_at) + self.patience(self.release.manifest) + waits

    @property
    def is_to_be_cut(self) -> bool:
        """Its service was suspended. On the way out it gets its network back, because its copy is fetched through that."""
        if self.is_trial:
            return False
        return self.deployment.is_to_be_cut and self.deployment.wanted == Wanted.UP

    @transaction.atomic
    def waive(self, *, by: "User", at: datetime) -> bool:
        """Decide, by name, that this machine may go without a copy. Return False if it is settled already."""
        unsettled = Machine.objects.filter(pk=self.pk, settled=Settled.NOT_YET, wanted=Wanted.UP)
        self.wake_parent(at)
        changed = (
            unsettled.update(settled=Settled.WAIVED, settled_by=by, hold_until=None, **woken(at, Lane.ENDING)) == 1
        )
        if changed:
            Entry.objects.write(self, Happened.COPY, by=by, at=at, cause="waived", settled=Settled.WAIVED)
        return changed

    def wake_parent(self, at: datetime) -> None:
        """Wake the deployment. Always before this row is written, so that two transactions never lock them crosswise."""
        if (pk := self.deployment_id) is None:
            return
        statements.wake(apps.get_model("provisioning", "Deployment"), pk, at)
        nudge_on_commit(Kind.DEPLOYMENT, pk)
