"""From what happened to what people are told by mail. Each Entry is read once; most need none: a page shows them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import SimpleLazyObject, lazy

from portal import times, words
from portal.mail import outbox
from portal.mail.letters import Letter, letter
from portal.models import User
from portal.pages import extension, remains
from portal.pages.event import costs
from portal.stream import watch_key
from provisioning.models import Archive, Deployment, Entry, Event, Mail, Visits
from provisioning.phases import Happened, Phase, Role, Settled, Wanted
from provisioning.reconciler import warnings
from provisioning.reconciler.copies import BEFORE as REMINDED

AT_ONCE = 200
LOOKED = timedelta(seconds=5)
"""Whoever looked at the page this shortly before it happened has seen it there."""
OLD = timedelta(days=2)
"""What nobody was told for so long (after a restored database, say) is not news any more."""

# Said when the letter is written, in its reader's language.
both, span = lazy(times.both, str), lazy(times.span, str)
day, day_and_hour = lazy(times.day, str), lazy(times.day_and_hour, str)
what_became = lazy(remains.what_became, str)

TOLD_BY_MAIL = (Happened.WISH, Happened.PHASE, Happened.WARNING, Happened.HEALTH, Happened.COPY)


@dataclass(frozen=True)
class Notice:
    """One mail: which letter, to whom, and what it tells."""

    letter: str
    to: User
    told: Mapping[str, Any]


def write(at: datetime) -> int:
    """Turn what happened since the last time into mails in the outbox. Return how many entries were read."""
    entries = list(_unread().order_by("at", "pk")[:AT_ONCE])
    for entry in entries:
        _notice(entry, at)
    return len(entries)


def is_any_unread() -> bool:
    """Whether something has happened since."""
    return _unread().exists()


def _unread() -> "QuerySet[Entry]":
    return _read().filter(noticed=False)


def _read() -> "QuerySet[Entry]":
    return Entry.objects.select_related("event__owner", "deployment__owner", "deployment__event__owner")


def tells_now(mail: Mail, at: datetime) -> Letter | None:
    """What a mail that is about to leave tells at this moment; None if nothing of it is so any more.

    A last warning that leaves too late moves the end first, and is not sent: the next says the new one.
    """
    entry = _read().filter(mails=mail)[0]
    if entry.happened not in TOLD_BY_MAIL:
        return Letter(mail.subject, mail.text, mail.html, mail.letter)  # somebody read it before it was sent
    if entry.happened == Happened.WARNING and entry.event and _is_overtaken(entry, entry.event, at):
        return None
    as_written = Letter(mail.subject, mail.text, mail.html, mail.letter)
    has_waited = mail.tries or at - mail.created_at > warnings.LATE
    if not has_waited or not User.objects.filter(email=mail.recipient).exists():  # the reader has another address now
        return as_written
    theirs = (notice for notice in notices_of(entry, at) if notice.to.email == mail.recipient)
    return next((letter(one.letter, {"to": one.to, **one.told}) for one in theirs), None)


def _is_overtaken(entry: Entry, event: Event, at: datetime) -> bool:
    end, before = event.closes_at, timedelta(seconds=entry.told["before"])
    later = Entry.objects.filter(event=event, happened=Happened.WARNING, pk__gt=entry.pk)
    if (
        end <= at
        or entry.told["closes_at"] != end.isoformat()
        or later.filter(told__closes_at=end.isoformat()).exists()
    ):
        return True
    return warnings.is_late(event, before, at) and warnings.make_up(event, before, at)


def _notice(entry: Entry, at: datetime) -> None:
    with transaction.atomic():
        mine = Entry.objects.filter(pk=entry.pk, noticed=False).update(noticed=True)
        is_news = entry.at > at - OLD or "copies" in entry.told  # a copy is not deleted without: better late than never
        if mine and entry.happened in TOLD_BY_MAIL and is_news:
            wanted = (one for one in notices_of(entry, at) if one.to.email and one.letter not in one.to.mails_off)
            for notice in wanted:
                outbox.put(letter(notice.letter, {"to": notice.to, **notice.told}), notice.to.email, at=at, entry=entry)


def notices_of(entry: Entry, at: datetime) -> Iterator[Notice]:
    """Choose the mails that an entry is worth. Pure but for reading rows."""
    match entry.happened, entry.told, entry.deployment:
        case Happened.WARNING, _, None if entry.event is not None:
            yield from _warning(entry, entry.event, at)
        case Happened.PHASE, {"phase": phase}, Deployment(phase=now) as deployment if (
            phase == now and not entry.machine_id
        ):
            yield from _outcome(deployment, entry, at)
        case Happened.HEALTH, {"answers": False}, Deployment() as deployment:
            told = _of_service(deployment, at) | {"since": both(entry.at, at, deployment.event.tzinfo)}
            yield from (Notice("silent", person, told) for person in _not_watching(deployment, entry.at))
        case Happened.HEALTH, {"disk_free_mib": free}, Deployment() as deployment:
            yield from (
                Notice("full", person, _of_service(deployment, at) | {"free": free}) for person in _people(deployment)
            )
        case Happened.WISH, {"wanted": "suspend"}, Deployment(suspend_wanted=True) as deployment:
            yield from (Notice("shut", person, _of_service(deployment, at)) for person in _people(deployment))
        case Happened.COPY, {"copy": copy, "copies": [first, *_] as together}, Deployment() as deployment if (
            copy == first
        ):
            yield from _reminder(together, deployment.event)
        case Happened.COPY, {"settled": Settled.NOT_YET}, Deployment() as deployment:
            people = {*_people(deployment), *User.objects.filter(is_staff=True, is_active=True).exclude(email="")}
            yield from (Notice("held", person, _of_service(deployment, at)) for person in people)


def _outcome(deployment: Deployment, entry: Entry, at: datetime) -> Iterator[Notice]:
    """How a launch, or a life, has ended; nothing of what is not so any more."""
    if deployment.phase == Phase.GONE:
        yield from _ended(entry, deployment, at)
    elif deployment.phase == Phase.READY and _is_after_a_move(entry):
        return  # nobody asked for it, and nothing is lost; its page tells of it
    elif deployment.phase in (Phase.READY, Phase.FAILED) and not deployment.suspend_wanted:
        told = _of_service(deployment, at)
        yield from (Notice(deployment.phase, person, told) for person in _not_watching(deployment, entry.at))


def _is_after_a_move(entry: Entry) -> bool:
    """It has gone to another place, or was to and stayed, since it was last open."""
    so_far = Entry.objects.filter(deployment=entry.deployment_id, machine=None, pk__lt=entry.pk)
    last = so_far.filter(happened__in=[Happened.PHASE, Happened.MOVE]).order_by("-pk").first()
    return last is not None and last.happened == Happened.MOVE


def _warning(entry: Entry, event: Event, at: datetime) -> Iterator[Notice]:
    """One mail per person and event, never one per service; none if the end has moved since."""
    if entry.told.get("closes_at") != event.closes_at.isoformat():
        return
    living = list(event.deployments.filter(wanted=Wanted.UP).order_by("created_at", "pk"))
    began = min((service.created_at for service in living), default=at)
    agreed, next_one = warnings.agreed_end(event), warnings.next_warning(event.closes_at, began, at)
    told = _of_event(event, living, at) | {
        "keeps": not all(service.manifest.stateless for service in living),
        "agreed": day_and_hour(agreed, event.tzinfo) if agreed != event.closes_at else "",
        "next": day_and_hour(next_one, event.tzinfo) if next_one else "",
    }
    organisers = _organisers(event, Q())
    for person in _organisers(event, Q(memberships__person__in=[service.launched_by_id for service in living])):
        yield Notice("warning", person, told | (_extension(event, person) if person in organisers else {}))


def _extension(event: Event, person: User) -> dict[str, Any]:
    to, is_longest = extension.later_end(event)
    if to <= event.closes_at:
        return {"organises": True}
    link = extension.link_to(person, event)
    return {"organises": True, "extend": link, "extended": day(to, event.tzinfo), "is_longest": is_longest}


def _ended(entry: Entry, deployment: Deployment, at: datetime) -> Iterator[Notice]:
    """When an event's last service is gone, one mail about all of them; before its end, one about each that held something."""
    event = deployment.event
    services = list(event.deployments.prefetch_related("archives", "machines").order_by("created_at", "pk"))
    is_over = event.closes_at <= at
    if is_over and not _is_last(entry, event, services):
        return
    about = [service for service in services if service.ready_at] if is_over else [deployment]
    of_all = (copy for service in about for copy in service.archives.all())
    copies = [copy for copy in of_all if copy.deleted_at is None and not copy.is_surplus]
    is_short = any(remains.is_short(service) for service in about)
    if not about or not (copies or is_over or is_short):
        return
    told = (
        _of_event(event, about, at)
        | _of_what_is_left(event, copies, about)
        | {
            "is_last": is_over,
            "is_short": is_short,
            "title": deployment.title,
            "lasted": span(event.closes_at - event.opens_at),
            "visitors": Visits.objects.filter(deployment__in=about).total(),
            "cost": " + ".join(cost.so_far for cost in costs(event, at)),
        }
    )
    yield from (
        Notice("ended", person, told)
        for person in _organisers(event, Q(memberships__person__in=[service.launched_by_id for service in about]))
    )


def _is_last(entry: Entry, event: Event, services: Iterable[Deployment]) -> bool:
    """Whether this is the Entry about the last service of an event that is over: it speaks for all of them."""
    gone = Entry.objects.filter(deployment__event=event, machine=None, happened=Happened.PHASE, told__phase=Phase.GONE)
    return all(service.is_gone for service in services) and gone.order_by("at", "pk").last() == entry


def _of_what_is_left(event: Event, copies: list[Archive], about: Iterable[Deployment]) -> dict[str, Any]:
    """The facts: copies until when, what became of all else, machines seen absent when."""
    until = min((copy.delete_at for copy in copies), default=None)
    absent = [machine.absent_at for service in about for machine in service.machines.all() if machine.absent_at]
    return {
        "copies": copies,
        "kept_until": day(until, event.tzinfo) if until else "",
        "reminded_on": day(until - REMINDED, event.tzinfo) if until else "",
        "remains": [what_became(service) for service in about if remains.what_became(service)],
        "machines": len(absent),
        "absent": day_and_hour(max(absent), event.tzinfo) if absent else "",
    }


def _reminder(together: Iterable[int], event: Event) -> Iterator[Notice]:
    """One mail per person about all their copies of an event that are deleted soon, never one per copy."""
    kept = Archive.objects.filter(pk__in=together, deleted_at=None).order_by("delete_at", "pk")
    copies = list(kept.select_related("deployment__owner", "deployment__event__owner"))
    for person in _unique(person for copy in copies for person in _people(copy.deployment)):
        theirs = [copy for copy in copies if person in _people(copy.deployment)]
        told = {"event": event, "copies": theirs, "kept_until": day(theirs[0].delete_at, event.tzinfo)}
        yield Notice("reminder", person, told)


def _of_event(event: Event, services: Iterable[Deployment], at: datetime) -> dict[str, Any]:
    return {
        "event": event,
        "services": list(services),
        "ends": day_and_hour(event.closes_at, event.tzinfo),
        "ends_both": both(event.closes_at, at, event.tzinfo),
    }


def _of_service(deployment: Deployment, at: datetime) -> dict[str, Any]:
    was_open = deployment.ready_at is not None
    problem = deployment.problem or "our-mistake"
    params = deployment.problem_params
    trouble = SimpleLazyObject(
        lambda: words.problem(problem, deployment.blame, params, was_open=was_open, title=deployment.title)
    )
    ends = both(deployment.expires_at, at, deployment.event.tzinfo)
    return {"deployment": deployment, "event": deployment.event, "trouble": trouble, "ends": ends}


def _people(deployment: Deployment) -> list[User]:
    """Whoever organises its event, and whoever put it up if they still take part."""
    return _organisers(deployment.event, Q(memberships__person=deployment.launched_by_id))


def _organisers(event: Event, others: Q) -> list[User]:
    """Who organises it, and these others of it; in the order in which they came."""
    wanted = Q(memberships__role=Role.ORGANISER) | others
    return _unique(User.objects.filter(wanted, memberships__event=event).order_by("memberships__since", "pk"))


def _unique(people: Iterable[User]) -> list[User]:
    return [person for person in {person.pk: person for person in people}.values() if person.email and person.is_active]


def _not_watching(deployment: Deployment, then: datetime) -> list[User]:
    """Those of a service's people who did not have its page in sight when it happened."""
    people = _people(deployment)
    looked: dict[str, float] = cache.get_many(watch_key(deployment.pk, person.pk) for person in people)
    seen_since = (then - LOOKED).timestamp()
    return [person for person in people if looked.get(watch_key(deployment.pk, person.pk), 0.0) < seen_since]
