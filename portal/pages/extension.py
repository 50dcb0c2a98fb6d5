"""The link in a warning that leads to a later end, and what its page has to say.

The link names a person, an event and the end that the mail told of, signed by us so that nobody makes up another. It is
no key: mails are forwarded, and read by programs that look for harm, and addresses are written into histories and
logs. So whoever opens it has to sign in, as that person and as somebody who organises the event; to everybody else it is
as if nothing were there. What the signature is for: the page knows which warning it answers, and can say that somebody
has done it already, or that it is too late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.http import Http404

from portal.forms import end_of
from portal.models import User
from portal.pages.event import a_day
from portal.pages.remains import what_became
from provisioning.models import Archive, Entry, Event
from provisioning.models.house import longest_event_of
from provisioning.phases import Happened, Phase, Wanted

USUAL = timedelta(days=7)
LINK_LASTS = timedelta(days=60)
"""After the end that it is about; copies are kept for half of that."""
JUST_DONE = timedelta(minutes=10)

_signer = Signer(salt="portal.extend")


@dataclass(frozen=True)
class Link:
    """What a link names."""

    person: int
    event: str
    ends: datetime
    """The end that the mail told of, in whole seconds."""


@dataclass(frozen=True)
class Extension:
    """What the page says: one of "open", "done", "over", "longest", "empty"."""

    face: str
    services: int = 0
    price: str = ""
    """Of a day of them; empty = nothing."""
    to: datetime | None = None
    is_longest: bool = False
    """The house allows no later end than `to`."""
    done: Entry | None = None
    is_just_done: bool = False
    copies: int = 0
    is_packing: bool = False
    """Some of it is still on its way out."""
    remains: Sequence[str] = ()
    """What became of what people had put into its services, where copies alone do not tell it."""

    @property
    def undo_to(self) -> datetime | None:
        """The end as it was before."""
        return datetime.fromisoformat(self.done.told["was"]) if self.done else None


def link_to(person: User, event: Event) -> str:
    """The last part of the link's address."""
    return str(_signer.sign_object([person.pk, event.key, int(event.closes_at.timestamp())]))


def read(signed: str, at: datetime) -> Link:
    """What a link names. Raises Http404 if it is not ours, or too old to mean anything."""
    try:
        person, event, ends = _signer.unsign_object(signed)
        link = Link(person, event, datetime.fromtimestamp(ends, UTC))
    except (BadSignature, ValueError, TypeError) as wrong:
        raise Http404 from wrong
    if at > link.ends + LINK_LASTS:
        raise Http404
    return link


def later_end(event: Event) -> tuple[datetime, bool]:
    """A week later at the same hour, or as late as the house allows; and whether that was the reason."""
    usual = event.closes_at.astimezone(event.tzinfo) + USUAL
    last_day = (event.created_at + longest_event_of(event.owner_id)).astimezone(event.tzinfo).date()
    latest = end_of(last_day, event.tzinfo)
    return min(usual, latest), latest < usual


def extension_of(event: Event, link: Link, at: datetime) -> Extension:
    """What can be said about this event to somebody who comes with this link."""
    if event.closes_at <= at:
        return _over(event)
    services = event.deployments.filter(wanted=Wanted.UP).count()
    if not services:
        return Extension("empty")
    if done := _done_since(event, link):
        is_news = at - done.at < JUST_DONE
        return Extension("done", services, to=event.closes_at, done=done, is_just_done=is_news)
    to, is_longest = later_end(event)
    face = "open" if to > event.closes_at else "longest"
    return Extension(face, services, a_day(event), to=to, is_longest=is_longest)


def _over(event: Event) -> Extension:
    kept = Archive.objects.filter(deployment__event=event, deleted_at=None, is_surplus=False).count()
    gone = event.deployments.filter(phase=Phase.GONE).prefetch_related("archives", "machines").order_by("pk")
    is_packing = event.deployments.exclude(phase=Phase.GONE).exists()
    return Extension("over", copies=kept, is_packing=is_packing, remains=[*filter(None, map(what_became, gone))])


def _done_since(event: Event, link: Link) -> Entry | None:
    """The last thing that somebody did to its end, if that was to extend it after the mail."""
    moves = Entry.objects.filter(~Q(told__has_key="late"), event=event, happened=Happened.EXTENSION)
    last = moves.select_related("by").order_by("-at", "-pk").first()
    if last is None:
        return None
    was, to = (datetime.fromisoformat(last.told[word]) for word in ("was", "to"))
    extended = to > was and was >= link.ends and event.closes_at == to
    return last if extended else None
