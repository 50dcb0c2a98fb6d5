"""The outbox: a mail is a row first. It is sent later, once, and again only if nobody knows whether it was taken.

What no server takes is tried again after 30 seconds, a minute, two … an hour, for three days (TRIED_FOR). Then it is given
up, with an Entry about the service or event it was about, and a red line at the desk; from there it can be tried anew.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from threading import Lock
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet

from portal.forms import MAY_BE_OFF
from portal.mail.letters import Letter
from portal.mail.line import Line
from portal.mail.troubles import answer_of, trouble_of
from provisioning.models import Admission, Entry, Mail
from provisioning.phases import Happened

log = logging.getLogger(__name__)

AT_ONCE = 50
BEGUN_WITHIN = 30.0
"""Seconds of a round after which no further mail is begun. With the longest line (line.LASTS) a round ends within 130."""
CLAIM = timedelta(minutes=3)
"""For how long a mail is somebody's who sends it: longer than a round lasts."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
DOUBLED = 10
"""So many times at most: then the pause is long enough, and the number does not grow for ever."""
TRIED_FOR = timedelta(days=3)
"""A mail that no server has taken for so long tells nothing new to anybody."""
CODES_KEPT = timedelta(days=1)
"""Mails about accounts hold codes; those are good for 15 minutes, and their mails go a day later."""
ABOUT_ACCOUNTS = "account/"
PATIENCE = 20.0
"""Seconds that somebody who has pressed a button waits for a mail server."""

Poke = Callable[[], None]
TellsNow = Callable[[Mail, datetime], Letter | None]
"""What a mail that had to wait tells now; None = nothing of it is so any more."""


def _nobody() -> None:
    """Before Celery's door is loaded there is nobody to poke."""


_poke: list[Poke] = [_nobody]
_round = Lock()


def poke_with(poke: Poke) -> None:
    """Set how a new mail is told to whoever sends. Called once, by the door (`portal.tasks`)."""
    _poke[0] = poke


def put(letter: Letter, recipient: str, *, at: datetime, entry: Entry | None = None) -> None:
    """Owe somebody this mail. The same entry and recipient twice are one mail."""
    mail = _mail(letter, recipient, created_at=at, due_at=at, entry=entry)
    Mail.objects.bulk_create([mail], ignore_conflicts=True)
    transaction.on_commit(_poke[0], robust=True)


def try_once(letter: Letter, recipient: str, *, at: datetime) -> Mail:
    """Send this at once, and never again: somebody waits for the answer. The row says what came of it."""
    line = get_connection()
    if isinstance(line, Line):
        line.lasts = PATIENCE
    mail = _mail(letter, recipient, created_at=at, due_at=at, given_up_at=at, let_go=True)
    mail.save()
    deliver(mail, line, at)
    mail.refresh_from_db()
    return mail


def _mail(letter: Letter, recipient: str, **columns: Any) -> Mail:
    told = {"letter": letter.name, "subject": letter.subject, "text": letter.text, "html": letter.html}
    return Mail(recipient=recipient, **told, **columns)


def unsent() -> "QuerySet[Mail]":
    """What is owed and still tried."""
    return Mail.objects.filter(sent_at=None, given_up_at=None)


def given_up() -> "QuerySet[Mail]":
    """What never left, and nobody behind the counter has let go."""
    return Mail.objects.filter(sent_at=None, given_up_at__isnull=False, let_go=False)


def post(at: datetime, tells_now: TellsNow | None = None) -> int:
    """Send what is due; return how many the server took. One slow or refused mail does not keep the others.

    One round at a time in a program: a slow server holds one worker, never all. In quarantine none leaves: what a restored
    database still owes was perhaps sent after its backup.
    """
    if not _round.acquire(blocking=False):
        return 0
    try:
        if Admission.objects.filter(quarantined=True).exists():
            return 0
        give_up(at)
        due = _due(at).select_related("entry").order_by("tries", "due_at", "pk")
        return _send_all(deque(due[:AT_ONCE]), at, tells_now)
    finally:
        _round.release()


def is_any_due(at: datetime) -> bool:
    """Whether a mail is to be sent."""
    return _due(at).exists()


def _due(at: datetime) -> "QuerySet[Mail]":
    return unsent().filter(due_at__lte=at)


def give_up(at: datetime) -> None:
    """Try no more what no server has taken for TRIED_FOR, and note it where people read what was done."""
    lost = unsent().filter(created_at__lte=at - TRIED_FOR).select_related("entry__event", "entry__deployment")
    for mail in lost.order_by("pk")[:AT_ONCE]:
        with transaction.atomic():
            mine = unsent().filter(pk=mail.pk).update(given_up_at=at)
            about = mail.entry and (mail.entry.deployment or mail.entry.event)
            if mine and about:
                cause = f"mail:{mail.key}"
                Entry.objects.write(about, Happened.MAIL, at=at, cause=cause, letter=mail.letter, trouble=mail.trouble)


def again(at: datetime) -> int:
    """Try everything that has not left at once, as if it were new. Return how many mails that are."""
    anew = {"due_at": at, "created_at": at, "tries": 0, "given_up_at": None, "let_go": False}
    tried = given_up().update(**anew) + unsent().filter(due_at__gt=at, tries__gt=0).exclude(trouble="").update(
        due_at=at
    )
    transaction.on_commit(_poke[0], robust=True)
    return tried


def let_go() -> int:
    """Note that somebody has seen what never left. Return how many mails that are."""
    return given_up().update(let_go=True)


def tidy(at: datetime) -> None:
    """Forget mails that hold codes, once they are old; and other letters without a cause once they have left, or never will."""
    over = Q(letter__startswith=ABOUT_ACCOUNTS) | Q(sent_at__isnull=False) | Q(given_up_at__isnull=False)
    Mail.objects.filter(over, entry=None, created_at__lt=at - CODES_KEPT).delete()


def _send_all(waiting: deque[Mail], at: datetime, tells_now: TellsNow | None) -> int:
    """After each trouble a new line: what is wrong with one mail must not be told of the next."""
    taken, until = 0, monotonic() + BEGUN_WITHIN
    while waiting and monotonic() < until:
        line = get_connection()
        try:
            line.open()
        except (OSError, ValueError) as error:
            line.close()
            _nobody_there(waiting, error, line, at)
            break
        try:
            while waiting and monotonic() < until:
                mail = waiting.popleft()
                if not _claimed(mail, at) or not _brought_up_to_date(mail, at, tells_now):
                    continue
                if not deliver(mail, line, at):
                    break
                taken += 1
        finally:
            line.close()
    return taken


def _nobody_there(waiting: deque[Mail], error: Exception, line: BaseEmailBackend, at: datetime) -> None:
    """No line could be opened, which is no mail's fault: all wait, after one try."""
    for mail in waiting:
        if _claimed(mail, at):
            _put_off(mail, error, line, at)


def _claimed(mail: Mail, at: datetime) -> bool:
    """Make it ours to send. False: somebody else sends it, or has sent it."""
    unclaimed = unsent().filter(pk=mail.pk, due_at=mail.due_at)
    return unclaimed.update(due_at=at + CLAIM, tries=F("tries") + 1) == 1


def _brought_up_to_date(mail: Mail, at: datetime, tells_now: TellsNow | None) -> bool:
    """Write a mail anew that has a cause and had to wait. False: what it told is not so any more, and it is dropped."""
    if tells_now is None or mail.entry is None:
        return True
    if (now := tells_now(mail, at)) is None:
        log.info("mail %s is not sent: what it told is not so any more", mail.key)
        mail.delete()
        return False
    if (now.subject, now.text) != (mail.subject, mail.text):
        mail.subject, mail.text, mail.html = now.subject, now.text, now.html
        mail.save(update_fields=["subject", "text", "html"])
    return True


def deliver(mail: Mail, line: BaseEmailBackend, at: datetime) -> bool:
    """Hand a claimed mail to the server. Return whether it took it; if not, the row says why and when it is tried again."""
    try:
        line.send_messages([_message(mail)])
    except (OSError, ValueError) as error:
        _put_off(mail, error, line, at)
        return False
    Mail.objects.filter(pk=mail.pk).update(sent_at=at, trouble="", answer="")
    return True


def _put_off(mail: Mail, error: Exception, line: BaseEmailBackend, at: datetime) -> None:
    trouble, answer = trouble_of(error, was_cut=getattr(line, "was_cut", False)), answer_of(error)
    log.warning("mail %s was not taken (%s): %s", mail.key, trouble, answer)
    due_at = at + min(FIRST_PAUSE * 2 ** min(mail.tries, DOUBLED), LONGEST_PAUSE)
    Mail.objects.filter(pk=mail.pk, sent_at=None).update(due_at=due_at, trouble=trouble, answer=answer)


def _message(mail: Mail) -> EmailMultiAlternatives:
    """The message; its id follows from the row, so that a second delivery after a crash is recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {"Message-ID": f"<{mail.key}@{domain}>", "Auto-Submitted": "auto-generated"}
    if mail.letter in MAY_BE_OFF:
        headers["List-Unsubscribe"] = f"<{settings.SITE_URL}/me#mails>"
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.recipient], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message
