"""The occasion: a window of time that every deployment belongs to."""

import zoneinfo
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.utils.text import slugify

from provisioning.models.entry import Entry
from provisioning.models.fabric import Fabric
from provisioning.models.membership import new_code
from provisioning.models.reconciled import new_key, woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Lane, Phase, Role, Wanted

if TYPE_CHECKING:
    from portal.models import User


class Event(models.Model):
    """Somebody's occasion. `closes_at` is the latest end of everything in it. Its owner is always one of its organisers."""

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="events")
    zone = models.CharField(max_length=64, default="UTC")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    most_services = models.PositiveIntegerField(default=20)
    most_people = models.PositiveIntegerField(default=500)
    all_launch = models.BooleanField(default=False)
    """Participants may put up services too; they take from the owner's share."""
    places = models.ManyToManyField(
        "provisioning.Fabric", blank=True, related_name="events", db_table="provisioning_event_places"
    )
    """Where its services may run; none = wherever whoever puts them up may."""
    created_at = models.DateTimeField()
    public_name = models.SlugField(max_length=60, unique=True, blank=True, null=True, editable=False)
    """The end of its public page's address; None = it has no such page."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="event_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; whoever makes an event organises it."""
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            self.memberships.create(person_id=self.owner_id, role=Role.ORGANISER, since=self.created_at)

    @property
    def tzinfo(self) -> zoneinfo.ZoneInfo:
        """The event's own zone, for pages and mails."""
        return zoneinfo.ZoneInfo(self.zone)

    @transaction.atomic
    def move(self, to: datetime, *, by: "User | None", at: datetime, is_late: bool = False) -> bool:
        """Let the event, and everything in it that ends with it, end at another time. The only way an end moves.

        Return False if it ends then already, or if `to` is not in the future. `is_late`: because our warning was.
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
                **({"late": True} if is_late else {}),
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

    @transaction.atomic
    def show(self, *, by: "User", at: datetime) -> bool:
        """Give it a public page, always at the same address while its name is the same. Return False if it has one."""
        name = f"{slugify(self.name)[:40].strip('-') or 'event'}-{self.key[:8]}"
        changed = Event.objects.filter(pk=self.pk, public_name=None).update(public_name=name) == 1
        if changed:
            self._wished("show", by, at)
        return changed

    @transaction.atomic
    def hide(self, *, by: "User", at: datetime) -> bool:
        """Take its public page away. Return False if there is none."""
        changed = Event.objects.filter(pk=self.pk).exclude(public_name=None).update(public_name=None) == 1
        if changed:
            self._wished("hide", by, at)
        return changed

    @transaction.atomic
    def plan(self, *, opens_at: datetime, all_launch: bool, by: "User", at: datetime) -> bool:
        """Say when it opens, and whether participants may put up services. Return False if that was so already."""
        wanted = {"opens_at": opens_at, "all_launch": all_launch}
        changed = Event.objects.filter(pk=self.pk, closes_at__gt=opens_at).exclude(**wanted).update(**wanted) == 1
        if changed:
            self._wished("plan", by, at)
        return changed

    @transaction.atomic
    def keep_to(self, places: Iterable[Fabric], *, by: "User", at: datetime) -> bool:
        """Say where its services may run (none = anywhere); what runs stays where it is. Return False if that was so."""
        wanted = {place.pk for place in places}
        changed = wanted != set(self.places.values_list("pk", flat=True))
        if changed:
            self.places.set(wanted)
            self.deployments.filter(phase=Phase.WAITING).update(**woken(at))
            self._wished("places", by, at)
        return changed

    @transaction.atomic
    def take_in(self, person: "User", *, at: datetime, name: str = "") -> bool:
        """Let somebody take part. Return False if they do already, or if as many do as may."""
        most = self._locked().most_people
        if self.memberships.filter(person=person).exists() or self.memberships.count() >= most:
            return False
        self.memberships.create(person=person, role=Role.PARTICIPANT, name=name, since=at)
        self._told("joined", person, person, at)
        return True

    @transaction.atomic
    def appoint(self, person: "User", role: Role, *, by: "User", at: datetime) -> bool:
        """Give somebody who takes part another role. Return False if it is theirs already, or if the event is theirs."""
        owner = self._locked().owner_id
        others = self.memberships.filter(person=person).exclude(person=owner).exclude(role=role)
        changed = others.update(role=role) == 1
        if changed:
            self._told(role, person, by, at)
        return changed

    @transaction.atomic
    def let_go(self, person: "User", *, by: "User", at: datetime) -> bool:
        """End somebody's part in it. Return False if they have none, or if nobody would be left to organise it.

        Its owner cannot be sent away. When they go themselves, the organiser who has been there longest answers for it.
        """
        if self._locked().owner_id == person.pk and not (by == person and self._hand_over(person)):
            return False
        gone, _ = self.memberships.filter(person=person).delete()
        if gone:
            self._told("left" if by == person else "removed", person, by, at)
        return bool(gone)

    def _hand_over(self, before: "User") -> bool:
        organisers = self.memberships.filter(role=Role.ORGANISER, person__is_active=True).exclude(person=before)
        heir = organisers.values_list("person", flat=True).first()
        if heir is not None:
            Event.objects.filter(pk=self.pk).update(owner=heir)
            self.deployments.update(owner=heir)
        return heir is not None

    @transaction.atomic
    def renew_code(self, *, by: "User", at: datetime) -> str:
        """Give it a new joining code, and return that; the old one lets nobody in any more."""
        self._locked()
        self.codes.filter(ended_at=None).update(ended_at=at)
        code = self.codes.create(code=new_code(), made_at=at).code
        self._told("code", None, by, at)
        return code

    @transaction.atomic
    def end_code(self, *, by: "User", at: datetime) -> bool:
        """Let nobody join with a code any more. Return False if there was none."""
        changed = self.codes.filter(ended_at=None).update(ended_at=at) == 1
        if changed:
            self._told("no-code", None, by, at)
        return changed

    def _locked(self) -> "Event":
        """The row, locked: who changes its people takes turns. On SQLite the IMMEDIATE transaction does that."""
        return Event.objects.select_for_update().get(pk=self.pk)

    def _wished(self, wanted: str, by: "User", at: datetime) -> None:
        cause = f"wish:{wanted}:{at.isoformat()}"
        Entry.objects.write(self, Happened.WISH, by=by, at=at, cause=cause, wanted=wanted)

    def _told(self, did: str, person: "User | None", by: "User", at: datetime) -> None:
        whom = {"person": person.pk} if person else {}
        cause = f"people:{did}:{whom.get('person', '')}:{at.isoformat()}"
        Entry.objects.write(self, Happened.PEOPLE, by=by, at=at, cause=cause, did=did, **whom)
