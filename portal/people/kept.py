"""What is kept, why, and until when. The page /privacy and the clean-up both read this one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog import checks
from catalog.models import Wish
from portal.camera import album
from portal.mail import outbox
from portal.models import Deed, Invitation, Token, User
from portal.people import leaving
from provisioning.models import Admission, Entry, House, LogChunk, Mail, Membership, Report, Visits
from provisioning.phases import Decision, Phase, Role

Words = str | Promise
WISHED = timedelta(days=365)
UNPROVEN = timedelta(days=7)
"""An account whose mail address nobody has proven by then is nobody's."""


@dataclass(frozen=True)
class Kept:
    """One kind of thing. `until` may name a number of days as %(days)d."""

    what: Words
    why: Words
    until: Words
    days: Callable[[House], int]
    tidy: Callable[[House, datetime], object]
    """Take away what is over. To be repeated at will."""


def tidy(at: datetime) -> None:
    """Take away everything whose time is over; in quarantine nothing, as a restored row may be wrong about that."""
    if Admission.objects.filter(quarantined=True).exists():
        return
    house = House.here()
    for line in KEPT:
        line.tidy(house, at)


def told(house: House) -> Sequence[tuple[str, str, str]]:
    """The table in words: what, why, until when."""
    return [(str(one.what), str(one.why), str(one.until) % {"days": one.days(house)}) for one in KEPT]


def _no_days(_house: House) -> int:
    return 0


def _unproven(_house: House, at: datetime) -> None:
    proven = EmailAddress.objects.filter(verified=True).values("user")
    nobodys = User.objects.filter(date_joined__lt=at - UNPROVEN, last_login=None, emailaddress__isnull=False)
    nobodys.exclude(pk__in=proven).filter(events=None, deployments=None, is_staff=False).delete()


def _mails(house: House, at: datetime) -> None:
    """What is owed stays: an end waits for its warning (provisioning/reconciler/warnings.py)."""
    over = at - timedelta(days=house.mails_kept_days)
    Mail.objects.exclude(sent_at=None, given_up_at=None).filter(created_at__lt=over).delete()
    outbox.tidy(at)


def _sessions(_house: House, at: datetime) -> None:
    Session.objects.filter(expire_date__lt=at).delete()


def _logs(house: House, at: datetime) -> None:
    over = at - timedelta(days=house.logs_kept_days)
    LogChunk.objects.filter(machine__phase=Phase.GONE, machine__absent_at__lt=over).delete()


def _names(house: House, at: datetime) -> None:
    over = at - timedelta(days=house.names_kept_days)
    Entry.objects.filter(at__lt=over, by__isnull=False).update(by=None)
    Deed.objects.filter(at__lt=over, by__isnull=False).update(by=None)


def _invitations(_house: House, at: datetime) -> None:
    Invitation.objects.filter(until__lt=at).delete()


def _participants(house: House, at: datetime) -> None:
    over = at - timedelta(days=house.names_kept_days)
    Membership.objects.filter(role=Role.PARTICIPANT, event__closes_at__lt=over).delete()


def _reports(house: House, at: datetime) -> None:
    over = at - timedelta(days=house.mails_kept_days)
    Report.objects.filter(decided_at__lt=over).exclude(decision=Decision.OPEN).delete()


def _tokens(_house: House, at: datetime) -> None:
    Token.objects.filter(until__lt=at).delete()


def _wishes(_house: House, at: datetime) -> None:
    Wish.objects.filter(at__lt=at - WISHED).delete()


def _copies(_house: House, _at: datetime) -> None:
    """The housekeeping of services deletes them (provisioning/reconciler/copies.py): it knows the files."""


KEPT: Sequence[Kept] = (
    Kept(
        _(
            "Your account: mail address, name, language, time zone, a fingerprint of your password, the public half of your "
            "passkeys, and who you are at a provider if you sign in by one"
        ),
        _("So that you, and nobody else, can sign in and look after your services."),
        _(
            "Until you delete yourself, on the page about you. Then it is emptied as soon as your services are packed away."
        ),
        _no_days,
        lambda _house, at: leaving.forget_leavers(at),
    ),
    Kept(
        _("An account whose mail address was never proven"),
        _("So that you can still type in your code."),
        _("%(days)d days"),
        lambda _house: UNPROVEN.days,
        _unproven,
    ),
    Kept(
        _("Which events you take part in, and the name you chose there"),
        _("So that you find them, and their organisers know who is there."),
        _("Until you leave the event or delete yourself; if you do not organise it, %(days)d days after its end"),
        lambda house: house.names_kept_days,
        _participants,
    ),
    Kept(
        _("Joining codes of events"),
        _("So that an old poster never leads into somebody else's event."),
        _("For ever. Nobody's name is in them."),
        _no_days,
        lambda _house, _at: None,
    ),
    Kept(
        _("Which of your browsers are signed in"),
        _("So that you need not sign in each time."),
        _("%(days)d days after you signed in, or until you sign out"),
        lambda _house: settings.SESSION_COOKIE_AGE // 86400,
        _sessions,
    ),
    Kept(
        _("Mails that we sent you"),
        _("So that we can tell whether they have left."),
        _("%(days)d days, and until they have left or were given up; those with a code one day"),
        lambda house: house.mails_kept_days,
        _mails,
    ),
    Kept(
        _("Your events and services: their names, times, and what happened to them"),
        _("So that you can see what was done, and we can tell how long things usually take."),
        _("Until you delete yourself. Then the times stay, without any name."),
        _no_days,
        lambda _house, _at: None,
    ),
    Kept(
        _("Who asked for something, and who decided something behind the counter"),
        _("So that it can be told who did what."),
        _("%(days)d days"),
        lambda house: house.names_kept_days,
        _names,
    ),
    Kept(
        _("What the programs of a service said while they were set up"),
        _("So that trouble can be found."),
        _("%(days)d days after it is gone"),
        lambda house: house.logs_kept_days,
        _logs,
    ),
    Kept(
        _("A picture of how each service's page looks to visitors"),
        _("So that you see it here. Only those who see the service under their events see the picture."),
        _("Until the service ends; a new one takes its place every day"),
        _no_days,
        lambda _house, _at: album.tidy(),
    ),
    Kept(
        _("How many visitors each service had on each day"),
        _("So that its organisers know whether people came."),
        _(
            "For ever, as a number. So that nobody is counted twice on a day, visitors get a mark made of their address and "
            "browser with a key that is thrown away the next day; then the marks go, and nobody can be known by them."
        ),
        _no_days,
        lambda _house, _at: Visits.objects.forget_marks(),
    ),
    Kept(
        _("Copies of what people put into your services"),
        _("So that nothing is lost when an event ends, or a machine breaks."),
        _(
            "%(days)d days after they were made, those of the nights until newer ones are there; or until you delete yourself"
        ),
        lambda house: house.copies_kept.days,
        _copies,
    ),
    Kept(
        _("Addresses that services had"),
        _("So that no address is ever given to somebody else."),
        _("For ever. When you delete yourself, only a fingerprint stays that cannot be read."),
        _no_days,
        lambda _house, _at: None,
    ),
    Kept(
        _("Invitations"),
        _("So that those who are invited can come in."),
        _("Until their last day"),
        _no_days,
        _invitations,
    ),
    Kept(
        _("Reports about an address, and the mail address for the answer if one was given"),
        _("So that somebody can look into it."),
        _("%(days)d days after the answer; the mail address until the answer"),
        lambda house: house.mails_kept_days,
        _reports,
    ),
    Kept(
        _("Tokens for your programs: their name and a fingerprint"),
        _("So that your programs can do here what you may do."),
        _("Until their last day, or until you end them"),
        _no_days,
        _tokens,
    ),
    Kept(
        _("Apps that you wished for"),
        _("So that curators know what is missing."),
        _("%(days)d days"),
        lambda _house: WISHED.days,
        _wishes,
    ),
    Kept(
        _("Which repository you had checked last, and what was found"),
        _("So that you can put it right and offer it."),
        _("%(days)d days"),
        lambda _house: checks.KEPT.days,
        lambda _house, at: checks.tidy(at),
    ),
)
