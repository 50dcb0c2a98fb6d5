"""Who may come in now. Counting and admitting are one act under one lock, and nothing is cached."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q

from catalog.manifest import Manifest
from provisioning.errors import NotYet
from provisioning.models import Admission, Deployment, Fabric, statements
from provisioning.models.reconciled import woken
from provisioning.phases import Phase, Stand, Wanted
from provisioning.prices import goes_beyond, next_turn, per_hour, size_of

PERSONS_ASKED = 50
"""How many people's first in line are looked at for one place; more would make every admission slow."""

LONGEST_LOOK = timedelta(minutes=5)
"""Between two looks, at the latest, of one that waits far behind."""
ROOM_LOOK = timedelta(seconds=30)
"""What waits for room at another place runs on where it is."""
CROWD = """
SELECT (SELECT count(*) FROM provisioning_deployment WHERE phase = 'building'), (SELECT count(*) FROM
    (SELECT 1 FROM provisioning_deployment WHERE phase = 'waiting' AND wanted = 'up' AND expires_at > %s LIMIT %s) AS line)
"""
OLDEST = """
SELECT id FROM provisioning_deployment WHERE phase = 'waiting' AND wanted = 'up' AND expires_at > %s
    ORDER BY created_at, id LIMIT 1
"""
OLDEST_OF_NEXT = """
WHERE phase = 'waiting' AND wanted = 'up' AND expires_at > %s AND owner_id > %s ORDER BY owner_id, created_at LIMIT 1
"""
TAKEN = """
SELECT
    (SELECT count(*) FROM provisioning_deployment AS one JOIN provisioning_machine AS its ON its.deployment_id = one.id
        WHERE one.owner_id = %s AND one.id <> %s AND its.phase <> 'gone'),
    (SELECT count(*) FROM provisioning_deployment AS one JOIN provisioning_machine AS its ON its.deployment_id = one.id
        WHERE one.event_id = %s AND one.id <> %s AND its.phase <> 'gone'),
    (SELECT most_services FROM provisioning_event WHERE id = %s),
    (SELECT coalesce(sum(its.memory_mib), 0) FROM provisioning_deployment AS one
        JOIN provisioning_machine AS its ON its.deployment_id = one.id
        WHERE one.owner_id = %s AND one.id <> %s AND its.phase <> 'gone'),
    coalesce((SELECT services FROM provisioning_allowance WHERE person_id = %s),
        (SELECT services_each FROM provisioning_house), %s),
    coalesce((SELECT memory_mib FROM provisioning_allowance WHERE person_id = %s),
        (SELECT memory_each_mib FROM provisioning_house), 0)
"""
"""Room is taken until a machine is gone, whatever was asked of it."""
ALLOWED = """
WHERE is_open AND (owner_id IS NULL OR owner_id = %s)
    AND (NOT EXISTS (SELECT 1 FROM provisioning_place_groups AS one WHERE one.fabric_id = provisioning_fabric.id)
        OR EXISTS (SELECT 1 FROM provisioning_place_groups AS one JOIN portal_user_groups AS its
            ON its.group_id = one.group_id WHERE one.fabric_id = provisioning_fabric.id AND its.user_id = %s))
    AND (NOT EXISTS (SELECT 1 FROM provisioning_event_places AS one WHERE one.event_id = %s)
        OR EXISTS (SELECT 1 FROM provisioning_event_places AS one
            WHERE one.event_id = %s AND one.fabric_id = provisioning_fabric.id))
    ORDER BY id
"""
"""Places that the admins, or whose they are, let this person use, and their event too."""
_PHASES = ", ".join(f"'{phase}'" for phase in Phase if phase != Phase.GONE)
LIVING = f"SELECT count(*) FROM provisioning_machine WHERE fabric_id = %s AND phase IN ({_PHASES})"  # noqa: S608
"""Phases are named one by one, so that an index leaves out all those that are gone."""
LIVING_MIB = LIVING.replace("count(*)", "count(*), coalesce(sum(memory_mib), 0)")


def place_for(deployment: Deployment, turn: Admission, at: datetime) -> Fabric:
    """Find room for one more machine of this deployment. `turn` is the row that the caller's transaction has locked.

    Raises NotYet when it is somebody else's turn (who is named in the params as `turn`) or when there is no room.
    """
    if not turn.is_open:
        raise NotYet("launches-are-paused")
    building, waiting = statements.line(CROWD, at, settings.BUILDING_AT_ONCE + 1)
    free = settings.BUILDING_AT_ONCE - building
    if free < 1:
        raise NotYet("many-are-being-set-up")
    fabric = _in_turn(deployment, turn, at, is_rush=waiting > free)
    if turn.last_person_id != deployment.owner_id:
        Admission.objects.filter(pk=1).update(last_person_id=deployment.owner_id)
    return fabric


def room_for_one_more(deployment: Deployment, at: datetime, turn_at: Callable[[Fabric], int]) -> tuple[Fabric, int]:
    """Find room for a machine of one that was admitted before, under the same lock; say where, and its `MachineSpec.turn`.

    `turn_at`: how many of its machines found no room at a place so far.
    """
    return _with_room(deployment, at, turn_at)


def room_elsewhere(deployment: Deployment, at: datetime) -> Fabric:
    """Find room for it at another place of the house that costs no more than this one. Under the same lock, and no turn."""
    now = deployment.machines.filter(stand=Stand.MAIN, wanted=Wanted.UP).order_by("-pk").first()
    size = size_of(deployment.manifest)
    who = deployment.launched_by_id or deployment.owner_id
    others = [
        (per_hour(place, size), load(place), place.pk, place)
        for place in places_for(deployment.manifest, who=who, event=deployment.event_id)
        if place.owner_id is None and now is not None and place.pk != now.fabric_id
    ]
    for hour, _, _, place in sorted(others, key=lambda one: one[:3]):
        most = max(deployment.dearest, now.price_per_hour) if now else deployment.dearest
        if (
            hour <= most
            and has_room(place, size.memory_mib)
            and not goes_beyond(place, hour, deployment.expires_at, at)
        ):
            return place
    raise NotYet("no-room-elsewhere", after=ROOM_LOOK)


def places_for(manifest: Manifest, *, who: int, event: int) -> list[Fabric]:
    """Where machines of this app may be made for this person (by number) in this event (0 = in any), in order of their making."""
    kinds = manifest.requires.fabrics
    places = statements.select(Fabric, ALLOWED, who, who, event, event)
    return [place for place in places if not kinds or place.kind in kinds]


@dataclass(frozen=True)
class Share:
    """What somebody uses of what one person may use at once."""

    services: int
    most_services: int
    memory_mib: int
    most_memory_mib: int
    """0: as much as there is."""

    def has_room_for(self, memory_mib: int) -> bool:
        """Whether one more service of this size would be let in as far as this person is concerned."""
        fits = not self.most_memory_mib or self.memory_mib + memory_mib <= self.most_memory_mib
        return fits and self.services < self.most_services

    def could_ever_hold(self, memory_mib: int) -> bool:
        """Whether it would be let in if nothing else of theirs ran."""
        return self.most_services > 0 and (not self.most_memory_mib or memory_mib <= self.most_memory_mib)


def share_of(person: int) -> Share:
    """Read it with the eyes of the admission: room is taken until a machine is gone."""
    usual = settings.SERVICES_PER_PERSON
    services, _, _, mib, most, most_mib = statements.line(TAKEN, person, 0, 0, 0, 0, person, 0, person, usual, person)
    return Share(services, most, mib, most_mib)


def place_in_line(deployment: Deployment) -> int:
    """How many turns until its own, this one counted, if nobody else comes: turns go from person to person."""
    earlier = Count("pk", filter=Q(created_at__lt=deployment.created_at) & ~Q(pk=deployment.pk))
    line = Deployment.objects.filter(phase=Phase.WAITING, wanted=Wanted.UP).order_by()
    counted = {who: (n, k) for who, n, k in line.values_list("owner").annotate(n=Count("pk"), k=earlier)}
    before = int(counted.pop(deployment.owner_id, (1, 0))[1])
    last = Admission.objects.filter(pk=1).values_list("last_person_id", flat=True).first() or 0
    mine = (deployment.owner_id <= last, deployment.owner_id)
    others = (min(int(n), before + ((who <= last, who) < mine)) for who, (n, _) in counted.items())
    return before + 1 + sum(others)


def wake_next(at: datetime) -> None:
    """Room may have become free: give the one whose turn it is a reason to look. Its own look counts again, under the lock."""
    if first_in_line(at) is None:
        return
    turn = Admission.objects.get(pk=1)
    building, _ = statements.line(CROWD, at, 1)
    if turn.is_open and building < settings.BUILDING_AT_ONCE:
        first = next(_first_of_each_person(turn.last_person_id, at), None)
        if first is not None:
            Deployment.objects.filter(pk=first.pk).update(**woken(at))


def look_again_in(deployment: Deployment, at: datetime) -> timedelta:
    """How long one that waits may be left alone: a second for each that waits before it.

    Whoever comes in, and whatever ends, wakes the next one; looks by time are for room that nobody told of, as when an
    admin allows more. The first in line looks often enough for all.
    """
    first = first_in_line(at)
    return timedelta() if first is None else min(timedelta(seconds=max(0, deployment.pk - first)), LONGEST_LOOK)


def first_in_line(at: datetime) -> int | None:
    """Number of the deployment that has waited longest; None if nobody waits."""
    return next((pk for (pk,) in statements.lines(OLDEST, at)), None)


def _in_turn(deployment: Deployment, turn: Admission, at: datetime, *, is_rush: bool) -> Fabric:
    """Room for it. In a rush, if nobody who could come in too is before it.

    Raises NotYet; the one who should look in its place is named in the params as `turn`.
    """
    found = _room_or_reason(deployment, at)
    if isinstance(found, NotYet) and not deployment.waits_for:
        raise found  # it has just come: who was here before has looked already
    if isinstance(found, Fabric) and not is_rush:
        return found
    for first in _first_of_each_person(turn.last_person_id, at):
        if first.pk == deployment.pk and isinstance(found, Fabric):
            return found
        if first.pk != deployment.pk and isinstance(_room_or_reason(first, at), Fabric):
            if isinstance(found, NotYet):
                raise NotYet(found.code, turn=first.pk)
            raise NotYet("not-your-turn", turn=first.pk)
    if isinstance(found, NotYet):
        raise found
    return found


def _first_of_each_person(after: int, at: datetime) -> Iterator[Deployment]:
    """The oldest waiting row of each person, beginning with the person after the one who was last served."""
    person, is_round = after, False
    for _ in range(PERSONS_ASKED):
        first = next(iter(statements.select(Deployment, OLDEST_OF_NEXT, at, person)), None)
        if first is None and not is_round:
            person, is_round = 0, True
            first = next(iter(statements.select(Deployment, OLDEST_OF_NEXT, at, person)), None)
        if first is None or (is_round and first.owner_id > after):
            return
        yield first
        person = first.owner_id


def _room_or_reason(deployment: Deployment, at: datetime) -> Fabric | NotYet:
    try:
        return _with_room(deployment, at)[0]
    except NotYet as reason:
        return reason


def _with_room(
    deployment: Deployment, at: datetime, turn_at: Callable[[Fabric], int] = lambda _place: 0
) -> tuple[Fabric, int]:
    _check_person_and_event(deployment)
    places = _in_order(deployment)
    with_room = [place for place in places if has_room(place, deployment.manifest.install_memory_mib)]
    for place in with_room:
        size, most = size_of(deployment.manifest), None if deployment.place_id else deployment.dearest
        turn = next_turn(place, size, turn_at(place), most)
        if not goes_beyond(place, per_hour(place, size, turn), deployment.expires_at, at):
            return place, turn
    if with_room:
        raise NotYet("the-cap-is-reached")
    if not places:
        raise NotYet("no-place")
    if deployment.place_id:
        raise NotYet("no-room-there")
    raise NotYet("no-room")


def _in_order(deployment: Deployment) -> list[Fabric]:
    """The one that was chosen; else those of the house that cost no more than was shown, by price and load."""
    places = places_for(
        deployment.manifest, who=deployment.launched_by_id or deployment.owner_id, event=deployment.event_id
    )
    if deployment.place_id:
        return [place for place in places if place.pk == deployment.place_id]
    size = size_of(deployment.manifest)
    priced = [(per_hour(place, size), place) for place in places if place.owner_id is None]
    allowed = [(price, place) for price, place in priced if price <= deployment.dearest]
    if len(allowed) > 1:
        allowed.sort(key=lambda one: (one[0], load(one[1]), one[1].pk))
    return [place for _, place in allowed]


def load(place: Fabric) -> float:
    """How full it is, from 0 to 1 and beyond: in number or in memory, whichever is more."""
    machines, taken = _living(place)
    by_memory = taken / place.most_memory_mib if place.most_memory_mib else 0
    return max(machines / place.holds if place.holds else 1, by_memory)


def _check_person_and_event(deployment: Deployment) -> None:
    me, person, event = deployment.pk, deployment.owner_id, deployment.event_id
    of_them = (person, me, person, settings.SERVICES_PER_PERSON, person)
    of_person, of_event, most_of_event, mib, most, most_mib = statements.line(
        TAKEN, person, me, event, me, event, *of_them
    )
    if of_person >= most:
        raise NotYet("your-share-is-used", most=most)
    if most_mib and mib + deployment.manifest.install_memory_mib > most_mib:
        raise NotYet("your-share-is-used", most_mib=most_mib)
    if of_event >= most_of_event:
        raise NotYet("the-event-is-full", most=most_of_event)


def has_room(fabric: Fabric, memory_mib: int) -> bool:
    """Whether one more machine of this size would be let in there, as far as the place is concerned."""
    machines, taken = _living(fabric)
    if machines >= fabric.holds:
        return False
    return not fabric.most_memory_mib or taken + memory_mib <= fabric.most_memory_mib


def _living(place: Fabric) -> tuple[int, int]:
    """How many machines it has, and their memory in MiB; 0 where nobody counts that, because a sum takes twice as long."""
    if place.most_memory_mib:
        machines, taken = statements.line(LIVING_MIB, place.pk)
        return machines, taken
    return statements.line(LIVING, place.pk)[0], 0
