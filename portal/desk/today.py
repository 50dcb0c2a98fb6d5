"""What needs somebody behind the counter today, worst first, each with its one action; and how much room is left."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import App
from portal.hook.calls import open_calls
from portal.mail.troubles import TROUBLES
from portal.models import User
from portal.times import span
from provisioning.errors import Blame
from provisioning.models import Admission, Deployment, Fabric, House, Machine, Mail, Report, Stray
from provisioning.phases import Decision, Phase, Wanted

LATELY = timedelta(days=1)
MAIL_PATIENCE = timedelta(minutes=10)
HOOK_PATIENCE = timedelta(minutes=15)
"""By then it was tried five times."""
CUT_PATIENCE = timedelta(minutes=2)
"""A suspended service's machine is off the network within one."""
COUNT_PATIENCE = timedelta(minutes=10)
"""A place is counted every minute or so; after this, something is wrong with the counting."""
BUG = "our-mistake"
SMALL_MIB = 256
"""What a service takes where none runs yet to be measured by."""


@dataclass(frozen=True)
class RedLine:
    """Something that does not come right by itself."""

    what: str
    act: str
    url: str


@dataclass(frozen=True)
class Room:
    """A place with what is left of it."""

    place: Fabric
    living: int
    taken_mib: int
    strays: int

    @property
    def more(self) -> int:
        """About how many more services of the size of those that run here."""
        by_number = max(0, self.place.holds - self.living)
        if not self.place.most_memory_mib:
            return by_number
        usual = self.taken_mib // self.living if self.living else SMALL_MIB
        return min(by_number, max(0, self.place.most_memory_mib - self.taken_mib) // max(1, usual))

    @property
    def agrees(self) -> bool:
        """Whether the place has as many machines as we have rows."""
        return self.place.counted == self.living


def rooms() -> Sequence[Room]:
    """Every place, in two questions."""
    living = ~Q(machines__phase=Phase.GONE)
    places = (
        Fabric.standing()
        .select_related("owner")
        .annotate(living=Count("machines", filter=living), taken=Sum("machines__memory_mib", filter=living))
    )
    strays = dict(Stray.objects.filter(gone_at=None).values_list("fabric").annotate(n=Count("pk")))
    return [Room(place, place.living, place.taken or 0, strays.get(place.pk, 0)) for place in places.order_by("name")]


def red_lines(places: Sequence[Room], at: datetime) -> Sequence[RedLine]:
    """All of them, in the order in which they should be looked at. A fixed number of questions."""
    parts: tuple[Callable[[], Iterator[RedLine]], ...] = (
        _quarantine,
        lambda: _still_connected(at),
        lambda: _our_mistakes(at),
        lambda: _failing_apps(at),
        lambda: _silent(at),
        lambda: _places(places, at),
        lambda: _mail(at),
        lambda: _hook(at),
        _copies,
        _nights,
        _reports,
        _asking,
    )
    return [line for part in parts for line in part()]


def _quarantine() -> Iterator[RedLine]:
    if Admission.objects.filter(quarantined=True).exists():
        what = _("A backup was put back: nothing ends, nothing is taken away and no mail leaves until you say so.")
        yield RedLine(what, _("Look, and say so"), reverse("admin:provisioning_admission_changelist"))


def _failing_apps(at: datetime) -> Iterator[RedLine]:
    failed = Deployment.objects.filter(phase=Phase.FAILED, wanted=Wanted.UP, phase_at__gte=at - LATELY)
    counted = dict(failed.exclude(blame=Blame.PORTAL).order_by().values_list("release__app").annotate(n=Count("pk")))
    for app in App.objects.filter(pk__in=counted).select_related("current").order_by("pk"):
        n = counted[app.pk]
        what = ngettext(
            "%(n)d launch of %(app)s failed since yesterday.", "%(n)d launches of %(app)s failed since yesterday.", n
        )
        yield RedLine(what % {"app": app.name, "n": n}, _("See why"), reverse("desk-app", args=[app.pk]))


def _our_mistakes(at: datetime) -> Iterator[RedLine]:
    """What people are told was ours, and reported: here it is read."""
    failed = Q(phase=Phase.FAILED, blame=Blame.PORTAL, wanted=Wanted.UP, phase_at__gte=at - LATELY)
    machines = Machine.objects.exclude(phase=Phase.GONE).filter(waits_for=BUG)
    troubled = Deployment.objects.filter(failed | Q(waits_for=BUG) | Q(pk__in=machines.values("deployment")))
    known = troubled.exclude(phase=Phase.GONE).aggregate(n=Count("pk"), first=Min("key"))
    if n := known["n"]:
        what = ngettext(
            "The portal itself made a mistake with %(n)d service; the log has its traceback.",
            "The portal itself made a mistake with %(n)d services; the log has the tracebacks.",
            n,
        )
        yield RedLine(what % {"n": n}, _("See why"), reverse("service", args=[known["first"]]))


def _still_connected(at: datetime) -> Iterator[RedLine]:
    shut = Machine.objects.filter(
        deployment__suspend_wanted=True,
        deployment__suspended_at__lte=at - CUT_PATIENCE,
        deployment__wanted=Wanted.UP,
        asked_at__isnull=False,
    )
    for machine in shut.exclude(phase=Phase.GONE).select_related("deployment").order_by("pk"):
        if machine.sighting.get("on_network", True) and machine.sighting.get("seen") not in ("absent", "remains"):
            what = _("%(title)s was taken off its address, but its machine is still on the network.")
            leads = reverse("service", args=[machine.deployment.key])
            yield RedLine(what % {"title": machine.deployment}, _("See why"), leads)


def _silent(at: datetime) -> Iterator[RedLine]:
    silent = Deployment.objects.filter(phase=Phase.READY, wanted=Wanted.UP, suspended_at=None)
    known = silent.filter(silent_since__lte=at - MAIL_PATIENCE).aggregate(n=Count("pk"), first=Min("silent_since"))
    if n := known["n"]:
        what = ngettext(
            "%(n)d service does not answer, since %(span)s.",
            "%(n)d services do not answer, the first since %(span)s.",
            n,
        )
        yield RedLine(
            what % {"n": n, "span": span(at - known["first"])}, _("See which"), reverse("desk-events") + "?silent"
        )


def _places(places: Sequence[Room], at: datetime) -> Iterator[RedLine]:
    for room in places:
        for what in _wrong_with(room, at):
            yield RedLine(
                str(what) % {"place": room.place.name, "n": room.strays}, _("See the place"), reverse("desk-places")
            )


def _wrong_with(room: Room, at: datetime) -> Iterator[str | Promise]:
    place = room.place
    if place.away_since:
        yield _("%(place)s does not answer.")
    if place.is_open and not room.more:
        yield _("%(place)s is full.")
    if room.strays:
        yield ngettext(
            "%(place)s has %(n)d machine that nobody knows.",
            "%(place)s has %(n)d machines that nobody knows.",
            room.strays,
        )
    if place.counted_at and place.counted_at < at - COUNT_PATIENCE and not place.away_since:
        yield _("Heads have not been counted at %(place)s for a while.")


def _mail(at: datetime) -> Iterator[RedLine]:
    late, lost = Q(given_up_at=None, created_at__lt=at - MAIL_PATIENCE), Q(given_up_at__isnull=False, let_go=False)
    known = Mail.objects.filter(sent_at=None).aggregate(
        late=Count("pk", filter=late), why=Max("trouble", filter=late), lost=Count("pk", filter=lost)
    )
    if n := known["late"]:
        what = ngettext(
            "%(n)d mail has not been taken by any server yet.", "%(n)d mails have not been taken by any server yet.", n
        )
        why = TROUBLES[known["why"]].happened if known["why"] else ""
        yield RedLine(f"{what % {'n': n}} {why}".strip(), _("See the mail"), reverse("desk-mail"))
    if n := known["lost"]:
        what = ngettext(
            "%(n)d mail never left, and is not tried any more.",
            "%(n)d mails never left, and are not tried any more.",
            n,
        )
        yield RedLine(what % {"n": n}, _("See the mail"), reverse("desk-mail") + "#given-up")


def _hook(at: datetime) -> Iterator[RedLine]:
    late = open_calls().filter(created_at__lte=at - HOOK_PATIENCE)
    known = late.aggregate(n=Count("pk"), first=Min("created_at"), why=Max("trouble"))
    if known["n"] and House.here().hook_address:
        what = ngettext(
            "The program that is told of machines has not taken %(n)d message, for %(span)s.",
            "The program that is told of machines has not taken %(n)d messages, the first for %(span)s.",
            known["n"],
        )
        told = what % {"n": known["n"], "span": span(at - known["first"], is_away=True)}
        yield RedLine(
            f"{told} ({known['why']})" if known["why"] else told, _("See the settings"), reverse("desk-settings")
        )


def _copies() -> Iterator[RedLine]:
    if n := held_machines().count():
        what = ngettext(
            "%(n)d service has ended, and its copy could not be made or checked. Nothing of it was deleted.",
            "%(n)d services have ended, and their copies could not be made or checked. Nothing of them was deleted.",
            n,
        )
        yield RedLine(what % {"n": n}, _("Decide about it"), reverse("desk-places") + "#held")


def _nights() -> Iterator[RedLine]:
    failed = Machine.objects.filter(phase=Phase.READY, wanted=Wanted.UP).exclude(copy_problem="")
    known = failed.aggregate(n=Count("pk"), first=Min("deployment__key"))
    if n := known["n"]:
        what = ngettext(
            "The last copy of %(n)d service that runs could not be made: what is in it is on its machine alone.",
            "The last copies of %(n)d services that run could not be made: what is in them is on their machines alone.",
            n,
        )
        yield RedLine(what % {"n": n}, _("See why"), reverse("service", args=[known["first"]]))


def _reports() -> Iterator[RedLine]:
    if n := Report.objects.filter(decision=Decision.OPEN).count():
        what = ngettext("%(n)d report from a visitor waits.", "%(n)d reports from visitors wait.", n)
        yield RedLine(what % {"n": n}, _("Read it"), reverse("desk-reports"))


def _asking() -> Iterator[RedLine]:
    if n := User.objects.filter(is_let_in=False, asked_at__isnull=False).count():
        what = ngettext("%(n)d person waits to be let in.", "%(n)d people wait to be let in.", n)
        yield RedLine(what % {"n": n}, _("See who"), reverse("desk-people") + "?waiting")


def held_machines() -> "QuerySet[Machine]":
    """Machines that stay because their copy could not be made, the one that waits longest first."""
    held = Machine.objects.filter(hold_until__isnull=False, settled="", wanted=Wanted.UP).exclude(phase=Phase.GONE)
    return held.select_related("deployment__event", "fabric").order_by("hold_until", "pk")
