"""Leaving for good: what somebody has here ends first; then nothing is left that says who they were."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext, override

from catalog.models import App, Check, Wish
from portal import house
from portal.models import Deed, Token, User, random_username
from provisioning.models import (
    Allowance,
    Archive,
    Deployment,
    Entry,
    Event,
    Fabric,
    LogChunk,
    Machine,
    Mail,
    Membership,
    Report,
)
from provisioning.models.address import forget_name
from provisioning.phases import Happened, Phase, Role, Wanted

PLAIN = ("phase", "was", "wanted", "step", "to", "settled")
"""What an Entry may go on telling: words of ours and moments, nothing that anybody typed."""
TOLD_ON = (Happened.PHASE, Happened.STEP, Happened.WISH, Happened.EXTENSION)


def somebody() -> str:
    """What stands where their name stood, in the language of the house: nobody knows who will read it."""
    with override(house.language() or settings.LANGUAGE_CODE):
        return gettext("somebody who has left")


def theirs(person: User) -> QuerySet[Deployment]:
    """Services of the events that they answer for."""
    return Deployment.objects.filter(event__owner=person)


def living(person: User) -> QuerySet[Deployment]:
    """Those that are not gone yet."""
    return theirs(person).exclude(phase=Phase.GONE)


def at_own_places(person: User) -> QuerySet[Deployment]:
    """Services that run in accounts of theirs, whoever's event they are for."""
    there = Machine.objects.filter(fabric__owner=person).exclude(phase=Phase.GONE)
    return Deployment.objects.filter(pk__in=there.values("deployment"))


def _shared() -> Exists:
    """Whether somebody else organises it too: of an event."""
    organisers = Membership.objects.filter(event=OuterRef("pk"), role=Role.ORGANISER, person__is_active=True)
    return Exists(organisers.exclude(person=OuterRef("owner")))


def ending(person: User) -> QuerySet[Deployment]:
    """Those that would end with them, because nobody else organises their event."""
    alone = Q(event__in=Event.objects.filter(~_shared(), owner=person))
    return (living(person).filter(alone) | at_own_places(person)).distinct()


def handed_over(person: User) -> list[str]:
    """Names of their events that would be somebody else's from then on."""
    return list(Event.objects.filter(_shared(), owner=person).order_by("pk").values_list("name", flat=True))


def is_last_administrator(person: User) -> bool:
    """Without them nobody could look after the house."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    return person.is_superuser and not others.exists()


@transaction.atomic
def leave(person: User, *, at: datetime) -> bool:
    """Close the account for good and end all that is theirs alone. Return False if that was asked already.

    An event that others organise too is theirs from now on. What is left to do is done by `forget`, at once or as soon
    as the last machine is gone.
    """
    if not User.objects.filter(pk=person.pk, deleted_at=None).update(deleted_at=at, is_active=False):
        return False
    for event in Event.objects.filter(memberships__person=person).order_by("pk"):
        event.let_go(person, by=person, at=at)
    for deployment in (theirs(person) | at_own_places(person)).filter(wanted=Wanted.UP).order_by("pk"):
        deployment.retire(by=person, at=at)
    _end_sessions(person)
    return True


def forget_leavers(at: datetime) -> int:
    """Forget everybody who has left and has nothing running any more; return how many those were."""
    leavers = User.objects.filter(deleted_at__isnull=False).exclude(email="").order_by("pk")
    return sum(forget(person, at) for person in leavers)


@transaction.atomic
def forget(person: User, at: datetime) -> bool:
    """Take away all that says who they were. Return False while something of theirs is still there; ask again then."""
    copies = Archive.objects.filter(deployment__in=theirs(person))
    copies.filter(deleted_at=None, delete_at__gt=at).update(delete_at=at)
    if living(person).exists() or copies.filter(deleted_at=None).exists() or not _places_are_gone(person, at):
        return False
    _forget_services(person)
    _forget_mentions(person)
    _forget_account(person)
    return True


def _places_are_gone(person: User, at: datetime) -> bool:
    """The machines in accounts of theirs go first; then the keys are forgotten."""
    gone = [place.take_away(at=at) for place in Fabric.standing().filter(owner=person).order_by("pk")]
    return all(gone)


def _forget_services(person: User) -> None:
    for deployment in theirs(person).order_by("pk"):
        Report.objects.filter(Q(deployment=deployment) | Q(host=deployment.host)).delete()
        Archive.objects.filter(deployment=deployment).delete()
        _forget_entries(Entry.objects.filter(deployment=deployment))
        Machine.objects.filter(deployment=deployment).update(
            outputs={}, spec={}, sighting={}, facts={}, problem_params={}
        )
        LogChunk.objects.filter(machine__deployment=deployment).delete()
        blank = {"values": {}, "answer": {}, "problem_params": {}, "suspended_why": "", "form_token": deployment.key}
        name = forget_name(deployment.name)
        Deployment.objects.filter(pk=deployment.pk).update(name=name, title=somebody(), **blank)
    for event in Event.objects.filter(owner=person):
        _forget_entries(Entry.objects.filter(event=event))
    Event.objects.filter(owner=person).update(name=somebody(), public_name=None)
    Membership.objects.filter(event__owner=person).delete()


def _forget_entries(entries: QuerySet[Entry]) -> None:
    """What happened stays, for the figures; who, and what they typed, goes."""
    Mail.objects.filter(entry__in=entries).delete()
    for one in entries.exclude(told={}).order_by("pk"):
        one.told = {name: one.told[name] for name in PLAIN if name in one.told} if one.happened in TOLD_ON else {}
        one.save(update_fields=["told"])
    entries.update(by=None)


def _forget_mentions(person: User) -> None:
    """Where others are told about: what was done behind the counter, and what is in the catalog."""
    Entry.objects.filter(by=person).update(by=None)
    Deployment.objects.filter(launched_by=person).update(launched_by=None)
    Mail.objects.filter(Q(recipient__iexact=person.email) | Q(text__icontains=person.email)).delete()
    deeds = Deed.objects.filter(Q(about__icontains=person.email) | Q(told__icontains=person.email))
    deeds.update(about=somebody(), told="")
    log = LogEntry.objects.filter(Q(object_repr__icontains=person.email) | Q(change_message__icontains=person.email))
    log.update(object_repr=somebody(), change_message="")
    LogEntry.objects.filter(user=person).delete()
    for column in ("added_by", "decided_by"):
        App.objects.filter(**{column: person}).update(**{column: None})


def _forget_account(person: User) -> None:
    EmailAddress.objects.filter(user=person).delete()
    Allowance.objects.filter(person=person).delete()
    Token.objects.filter(owner=person).delete()
    for asked in (Check, Wish):
        asked.objects.filter(by=person).delete()
    person.groups.clear()
    for way_in in (Authenticator, SocialAccount):
        way_in.objects.filter(user=person).delete()
    for name in ("email", "first_name", "last_name", "time_zone"):
        setattr(person, name, "")
    person.username = random_username()
    person.is_active = person.is_staff = person.is_superuser = person.is_curator = False
    person.mails_off = []
    person.set_unusable_password()
    person.save()


def _end_sessions(person: User) -> None:
    """Sign them out everywhere. What a session holds cannot be asked for, so all are read: people leave seldom."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()
