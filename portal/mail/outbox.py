"""The outbox: a mail is a row first. It is sent later, once, and again only if a crash left nobody knowing."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F

from portal.mail.letters import Letter
from provisioning.models import Admission, Entry, Mail

log = logging.getLogger(__name__)

AT_ONCE = 50
LONGEST_PAUSE = timedelta(hours=1)
TRIED_FOR = timedelta(days=3)
"""A mail that no server has taken for so long tells nothing new to anybody."""
CODES_KEPT = timedelta(days=1)
"""Mails about accounts hold codes; those are good for 15 minutes, and their mails go a day later."""

Poke = Callable[[], None]


def _nobody() -> None:
    """Before Celery's door is loaded there is nobody to poke."""


_poke: list[Poke] = [_nobody]


def poke_with(poke: Poke) -> None:
    """Set how a new mail is told to whoever sends. Called once, by the door (`portal.tasks`)."""
    _poke[0] = poke


def put(letter: Letter, recipient: str, *, at: datetime, entry: Entry | None = None) -> None:
    """Owe somebody this mail. The same entry and recipient twice are one mail."""
    mail = Mail(
        entry=entry,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        created_at=at,
        due_at=at,
    )
    Mail.objects.bulk_create([mail], ignore_conflicts=True)
    transaction.on_commit(_poke[0], robust=True)


def post(at: datetime) -> int:
    """Send what is due; return how many the server took. One slow or refused mail does not keep the others.

    In quarantine none leaves: what a restored row owes may have been sent long ago, or not be true any more.
    """
    if Admission.objects.filter(quarantined=True).exists():
        return 0
    due = Mail.objects.filter(sent_at=None, due_at__lte=at, created_at__gt=at - TRIED_FOR).order_by("due_at", "pk")
    return sum(_send(mail, at) for mail in list(due[:AT_ONCE]))


def tidy(at: datetime) -> None:
    """Forget mails that hold codes, once they are old."""
    Mail.objects.filter(entry=None, created_at__lt=at - CODES_KEPT).delete()


def _send(mail: Mail, at: datetime) -> bool:
    pause = min(timedelta(seconds=30) * 2**mail.tries, LONGEST_PAUSE)
    unclaimed = Mail.objects.filter(pk=mail.pk, sent_at=None, due_at=mail.due_at)
    if not unclaimed.update(due_at=at + pause, tries=F("tries") + 1):
        return False  # somebody else sends it
    try:
        _message(mail).send()
    except (SMTPException, OSError) as error:
        log.warning("mail %s was not taken: %s", mail.key, error)
        return False
    return Mail.objects.filter(pk=mail.pk).update(sent_at=at) == 1


def _message(mail: Mail) -> EmailMultiAlternatives:
    """The message; its id follows from the row, so that a second delivery after a crash is recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {"Message-ID": f"<{mail.key}@{domain}>", "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.recipient], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
