"""One release launched for one event, and the address it answers at."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When

from catalog.manifest import Manifest
from catalog.models import Dataset, Release, State
from provisioning.models.entry import Entry
from provisioning.models.event import Event
from provisioning.models.fabric import Fabric
from provisioning.models.fields import SealedJSON
from provisioning.models.house import copies_of_each
from provisioning.models.launching import DeploymentQuerySet
from provisioning.models.machine import MOVE_PATIENCE, Machine
from provisioning.models.reconciled import Reconciled, overtaken, woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Lane, Phase, Stand, Wanted

if TYPE_CHECKING:
    from portal.models import User


class Deployment(Reconciled):
    """A service: what somebody launched, from the press to nothing left."""

    name = models.CharField(max_length=63, db_index=True)
    """Host label of its address; also a row of Address, which stays. Taken over only from a gone one of the same owner."""
    port = models.PositiveIntegerField(null=True)
    """Of the front door, where services have no names; reserved for some days after its end."""
    title = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deployments")
    """Who answers for it: always its event's owner. What is taken is taken from their share."""
    launched_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deployments")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deployments")
    dataset = models.ForeignKey(
        Dataset, null=True, on_delete=models.PROTECT, related_name="deployments", related_query_name="deployment"
    )
    restored_from = models.ForeignKey("provisioning.Archive", null=True, on_delete=models.SET_NULL, related_name="+")
    place = models.ForeignKey("provisioning.Fabric", null=True, on_delete=models.SET_NULL, related_name="+")
    """Where somebody wants it, and nowhere else; nobody chose = wherever the house has room."""
    dearest = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    """What an hour of it may cost where nobody chose the place: as much as was shown before the press."""
    form_token = models.CharField(max_length=64)
    values = SealedJSON(default=dict)
    """Parameters for `configure`."""
    expires_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    """The event's, copied; moved only by Event.move()."""
    admitted_at = models.DateTimeField(null=True)
    answered_times = models.PositiveIntegerField(default=0)
    """Good answers in a row at the public address during this attempt."""
    answer = models.JSONField(default=dict)
    """The last answer: status, matched words, why not."""
    silent_since = models.DateTimeField(null=True)
    """Since when it has not answered; health, not a phase."""
    misses = models.PositiveIntegerField(default=0)
    """Answers missed in a row; when it is taken away, also copies that failed."""
    replaced_attempt = models.PositiveIntegerField(default=0)
    """The last attempt in which a machine that never came to life was replaced by itself: once in each."""
    relaunches = models.BooleanField(default=False)
    """The owner chose: if its machine dies, launch it again, although what was on it is lost."""
    move_asked_at = models.DateTimeField(null=True)
    """Since when it is to move to another place; it waits where it is until one has room."""
    moving_since = models.DateTimeField(null=True)
    """Since when visitors are kept out, because its copy is on its way to the machine that waits elsewhere."""
    move_problem = models.CharField(max_length=60, blank=True)
    """Why it stayed where it was, when it was asked last."""
    suspend_wanted = models.BooleanField(default=False)
    """Somebody behind the counter asked for visitors, and the machine's network, to be kept out."""
    suspended_at = models.DateTimeField(null=True)
    """When that was asked; empty again only once it has answered at its address again."""
    suspended_why = models.CharField(max_length=400, blank=True)
    """In the words of whoever asked, for its owner."""

    objects = DeploymentQuerySet.as_manager()

    class Meta(Reconciled.Meta):
        constraints = [
            *Reconciled.Meta.constraints,
            models.UniqueConstraint(fields=["launched_by", "form_token"], name="one_form_token_one_deployment"),
            models.UniqueConstraint(fields=["name"], condition=~Q(phase=Phase.GONE), name="one_deployment_per_name"),
            models.UniqueConstraint(fields=["port"], condition=~Q(phase=Phase.GONE), name="one_deployment_per_port"),
            models.CheckConstraint(condition=Q(expires_at__lte=F("closes_at")), name="deployment_ends_with_its_event"),
            models.CheckConstraint(
                condition=Q(phase__in=[Phase.WAITING, Phase.RETIRING, Phase.GONE]) | Q(admitted_at__isnull=False),
                name="deployment_is_built_after_it_is_admitted",
            ),
            models.CheckConstraint(
                condition=Q(suspend_wanted=False) | Q(suspended_at__isnull=False),
                name="deployment_is_suspended_since_it_was_asked",
            ),
        ]
        indexes = [
            *Reconciled.Meta.indexes,
            models.Index(fields=["expires_at"], name="deployment_ending", condition=Q(wanted=Wanted.UP)),
            models.Index(fields=["phase", "owner", "created_at"], name="deployment_queue"),
            models.Index(fields=["phase", "created_at", "wanted", "expires_at"], name="deployment_line"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def manifest(self) -> Manifest:
        """The release's manifest."""
        return self.release.manifest

    @property
    def host(self) -> str:
        """What the front door knows it by: its public host name; on a local network without names, address and port."""
        if settings.LAN_ADDRESS:
            return f"{settings.LAN_ADDRESS}:{self.port}"
        return f"{self.name}.{settings.APPS_DOMAIN}"

    @property
    def url(self) -> str:
        """Its address, for people."""
        standard = settings.LAN_ADDRESS or {"http": 80, "https": 443}[settings.APPS_SCHEME] == settings.APPS_PORT
        return f"{settings.APPS_SCHEME}://{self.host}{'' if standard else f':{settings.APPS_PORT}'}/"

    @property
    def keep_every(self) -> timedelta:
        """How often a ready one is asked whether it still answers."""
        return self.manifest.health.live.every

    def next_keeping(self, at: datetime) -> datetime:
        """When it is asked next."""
        return at + self.keep_every

    @property
    def gives_up_at(self) -> datetime:
        """The latest moment at which setting it up is given up."""
        patience = Machine.patience(self.manifest) + self.manifest.probe.deadline + timedelta(minutes=2)
        patience += MOVE_PATIENCE if self.moving_since else timedelta(0)
        return (self.building_since or self.created_at) + patience

    @property
    def is_to_be_cut(self) -> bool:
        """It was suspended."""
        return self.suspend_wanted

    @property
    def may_come_again(self) -> bool:
        """Its copies may be put up: its app is still offered, and it is not suspended."""
        return self.release.app.state == State.PUBLISHED and not self.suspend_wanted

    @property
    def is_changing_places(self) -> bool:
        """Its data is on the way from one machine to another."""
        return self.moving_since is not None

    @property
    def is_shut(self) -> bool:
        """Visitors are told that it was taken off: it is suspended, or has not answered since it no longer is."""
        return self.suspend_wanted or (self.suspended_at is not None and self.phase in (Phase.BUILDING, Phase.READY))

    @property
    def is_moving(self) -> bool:
        """Worth watching: something changes by itself soon."""
        return self.phase in (Phase.WAITING, Phase.BUILDING, Phase.RETIRING) or self.is_retry_wished or self.is_ending

    @property
    def is_ending(self) -> bool:
        """It was asked to go and is not gone."""
        return self.wanted == Wanted.GONE and self.phase != Phase.GONE

    @transaction.atomic
    def retire(self, *, by: "User | None", at: datetime) -> bool:
        """Ask for it to go away. Return False if that was asked already."""
        return self._go(Deployment.objects.filter(wanted=Wanted.UP), by, at)

    @transaction.atomic
    def end(self, *, at: datetime) -> bool:
        """Ask for it to go away because its time is over. Return False if its end was moved since it was read."""
        return self._go(Deployment.objects.ending(at), None, at)

    def _go(self, unasked: DeploymentQuerySet, by: "User | None", at: datetime) -> bool:
        lane = Lane.PERSON if by else Lane.ENDING
        changed = unasked.filter(pk=self.pk).update(wanted=Wanted.GONE, **woken(at, lane)) == 1
        return changed and self._wished(by, at, "wish:gone", wanted=Wanted.GONE)

    @transaction.atomic
    def retry(self, *, by: "User | None", at: datetime) -> bool:
        """Ask a failed one to try again from the step that failed. Return False if it did not fail, or was asked already."""
        return self._again(Deployment.objects.all(), "retry", by, at)

    @transaction.atomic
    def take_version(self, release: Release, values: Mapping[str, Any], *, by: "User | None", at: datetime) -> bool:
        """As `retry`, but from the beginning, with another release and these answers to what it asks.

        Return False also for one that was ever open, or came from a copy: what is in it was made by the version it has.
        """
        never_open = Deployment.objects.filter(ready_at=None, restored_from=None).exclude(release=release)
        return self._again(never_open, "version", by, at, release=release, dataset=release.dataset, values=dict(values))

    def _again(self, which: DeploymentQuerySet, wanted: str, by: "User | None", at: datetime, **columns: Any) -> bool:
        failed = which.filter(
            pk=self.pk, phase=Phase.FAILED, wanted=Wanted.UP, attempt=F("failed_attempt"), expires_at__gt=at
        )
        changed = failed.update(attempt=F("attempt") + 1, **columns, **woken(at, Lane.PERSON)) == 1
        return changed and self._wished(by, at, f"wish:retry:{self.failed_attempt + 1}", wanted=wanted)

    @transaction.atomic
    def move_away(self, *, by: "User | None", at: datetime) -> bool:
        """Ask for it to move, with all that is in it, to another place. Return False if it does not run, or was asked already."""
        running = Deployment.objects.filter(pk=self.pk, wanted=Wanted.UP, phase=Phase.READY, move_asked_at=None)
        changed = running.update(move_asked_at=at, move_problem="", **woken(at)) == 1
        return changed and self._wished(by, at, f"wish:move:{at.isoformat()}", wanted="move")

    @transaction.atomic
    def go_to(self, place: Fabric, *, by: "User | None", at: datetime) -> bool:
        """Ask for it to be set up at another place. Return False if it has a machine, or was asked to go."""
        stuck = Deployment.objects.filter(pk=self.pk, wanted=Wanted.UP).exclude(place=place)
        waiting = stuck.filter(phase=Phase.WAITING)
        made = Machine.objects.filter(deployment=OuterRef("pk"), wanted=Wanted.UP).exclude(sighting={})
        has_none = ~Exists(made.exclude(sighting__seen__in=["absent", "remains"]))
        roomless = stuck.filter(has_none, phase__in=[Phase.BUILDING, Phase.FAILED], ready_at=None)
        tries: models.IntegerField[int, int] = models.IntegerField()
        again = Case(When(phase=Phase.FAILED, then=F("failed_attempt") + 1), default=F("attempt"), output_field=tries)
        changed = (waiting | roomless).update(place=place, attempt=again, **woken(at, Lane.PERSON)) == 1
        return changed and self._wished(by, at, f"wish:place:{at.isoformat()}", wanted="place", place=place.name)

    @transaction.atomic
    def suspend(self, *, by: "User", why: str, at: datetime) -> bool:
        """Ask for visitors and the network to be kept out; its data stays. One that ends, or has ended, comes back by no copy.

        Return False if that is so already, or it waits for its first machine. Whatever pass is under way is overtaken: a page
        that answers slowly must not keep its own door open.
        """
        told = {"suspend_wanted": True, "suspended_at": at, "suspended_why": why}
        open_ones = Deployment.objects.filter(pk=self.pk, suspend_wanted=False)
        running = open_ones.filter(wanted=Wanted.UP).exclude(phase=Phase.WAITING)
        if running.update(**told, **woken(at, Lane.PERSON), **overtaken(at)) == 1:
            self._wake_machines(at, **overtaken(at))
            return self._wished(by, at, f"wish:suspend:{at.isoformat()}", wanted="suspend")
        return open_ones.filter(wanted=Wanted.GONE).update(**told) == 1

    @transaction.atomic
    def lift(self, *, by: "User", at: datetime) -> bool:
        """Ask for a suspended one to be opened again; the copies of one that is gone may be put up again.

        Return False if it is not suspended, or is on its way out.
        """
        suspended = Deployment.objects.filter(pk=self.pk, suspend_wanted=True)
        is_here = suspended.filter(wanted=Wanted.UP).update(suspend_wanted=False, **woken(at, Lane.PERSON)) == 1
        if is_here:
            self._wake_machines(at)
        changed = is_here or suspended.filter(phase=Phase.GONE).update(suspend_wanted=False) == 1
        if changed:
            self._wished(by, at, f"wish:lift:{at.isoformat()}", wanted="lift")
        return changed

    @transaction.atomic
    def restart(self, *, by: "User | None", at: datetime) -> bool:
        """Ask for the app's programs to be started anew. Return False if it is not running."""
        return self._ask_machines("restart", by, at, restart_asked_at=at)

    @transaction.atomic
    def pull_now(self, *, by: "User | None", at: datetime) -> bool:
        """Ask for new content now. Return False if it is not running."""
        return self._ask_machines("pull", by, at, pull_asked_at=at)

    @transaction.atomic
    def keep_copy(self, *, by: "User", at: datetime) -> bool:
        """Ask for a copy now. Return False if one is being made, it does not run or keeps nothing, or its owner may have none."""
        idle = Q(copy_asked_at=None) | Q(copied_at=F("copy_asked_at"))
        may_have = self.manifest.archive is not None and copies_of_each(self.owner_id).number > 0
        return may_have and self._ask_machines("copy", by, at, idle, copy_asked_at=at)

    @transaction.atomic
    def outputs(self, *, by: "User", at: datetime) -> dict[str, Any]:
        """What the installer handed over, secrets included. Each look is an Entry; what is shown once is dropped by it."""
        machine = self.machines.select_for_update().exclude(stand=Stand.NEXT).order_by("-pk").first()
        if machine is None or not machine.outputs:
            return {}
        once = {output.id for output in self.manifest.outputs if output.once}
        if once & set(machine.outputs):
            kept = {name: value for name, value in machine.outputs.items() if name not in once}
            Machine.objects.filter(pk=machine.pk).update(outputs=kept)
        Entry.objects.write(self, Happened.LOOK, by=by, at=at, cause=f"look:{at.isoformat()}")
        return dict(machine.outputs)

    def machine(self) -> Machine | None:
        """The machine that does (or did last) the main role."""
        return self.machines.exclude(stand=Stand.NEXT).order_by("-pk").first()

    def _ask_machines(
        self, wanted: str, by: "User | None", at: datetime, which: Q | None = None, **asked: datetime
    ) -> bool:
        here = self.machines.filter(stand=Stand.MAIN, deployment__wanted=Wanted.UP)
        running = here.filter(wanted=Wanted.UP, phase=Phase.READY)
        changed = running.filter(which or Q()).update(**asked, **woken(at, Lane.PERSON)) > 0
        for pk in running.values_list("pk", flat=True):
            nudge_on_commit(Kind.MACHINE, pk)
        return changed and self._wished(by, at, f"wish:{wanted}:{at.isoformat()}", wanted=wanted)

    def _wake_machines(self, at: datetime, **columns: Any) -> None:
        living = self.machines.filter(wanted=Wanted.UP)
        living.update(**columns, **woken(at, Lane.PERSON))
        for pk in living.values_list("pk", flat=True):
            nudge_on_commit(Kind.MACHINE, pk)

    def _wished(self, by: "User | None", at: datetime, cause: str, **told: Any) -> bool:
        """Note what was asked for, and have it looked at. Return True: it was."""
        Entry.objects.write(self, Happened.WISH, by=by, at=at, cause=cause, **told)
        nudge_on_commit(Kind.DEPLOYMENT, self.pk)
        return True
