"""Celery's door to people: what happened becomes mail, and mail leaves the house."""

import logging

from celery import shared_task
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from catalog import checks
from portal.camera import album
from portal.hook import calls
from portal.mail import notices, outbox
from portal.people import kept
from portal.server import health
from provisioning.reconciler import clear_away, the_vault

log = logging.getLogger(__name__)


@shared_task(name="portal.post", ignore_result=True, expires=6)
def post() -> None:
    """Write what people must be told into the outbox, and send what is due. To be called every few seconds."""
    at = now()
    notices.write(at)
    outbox.post(at, notices.tells_now)


@shared_task(name="portal.tell", ignore_result=True, expires=10)
def tell() -> None:
    """Tell the house's webhook of machines that are made or gone. To be called every few seconds."""
    calls.tell(now())


@shared_task(name="portal.tidy", ignore_result=True, expires=300)
def tidy() -> None:
    """Take away what is not to be kept any longer. To be called every ten minutes."""
    kept.tidy(now())
    clear_away(now(), the_vault())


@shared_task(name="portal.look", ignore_result=True, expires=4)
def look() -> None:
    """Look at the repositories that their authors asked about. To be called every few seconds."""
    checks.look_at_asked(now)


@shared_task(name="portal.photograph", ignore_result=True, expires=10)
def photograph() -> None:
    """Take a picture of one service's page, if one is due. To be called every so often."""
    album.photograph(now())


@shared_task(name="portal.beat", ignore_result=True, expires=15)
def beat(worker: str) -> None:
    """Note that this kind of worker hears the clock."""
    health.beat(worker, now())


def poke() -> None:
    """Ask for the post to leave now; a broker that is away is no error, because the clock asks again."""
    try:
        post.apply_async(retry=False)
    except (OperationalError, OSError):
        log.warning("nobody could be asked to send mail now; it leaves with the next round")


outbox.poke_with(poke)
