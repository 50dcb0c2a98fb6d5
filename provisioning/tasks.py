"""Celery's door: an id comes in, a plain function is called, the clock is read here and nowhere below."""

from contextlib import suppress

from celery import shared_task
from django.conf import settings
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from provisioning import nudge, reconciler
from provisioning.errors import TryAgain
from provisioning.phases import Kind


@shared_task(name="provisioning.reconcile", ignore_result=True, expires=5)
def reconcile(kind: str, pk: int) -> None:
    """Look at one row now, because a person waits; if there will be more to see in a moment, a drain waits for it."""
    next_look = reconciler.reconcile(Kind(kind), pk, at=now(), world=reconciler.the_world())
    if next_look and next_look - now() < reconciler.LINGER:
        go_on()


@shared_task(name="provisioning.drain", ignore_result=True, expires=4)
def drain() -> None:
    """Look at all rows that are due."""
    if reconciler.drain(now, reconciler.the_world()):
        go_on()


@shared_task(name="provisioning.keep", ignore_result=True, expires=25)
def keep() -> None:
    """End what is over, warn, count heads."""
    reconciler.keep(now(), reconciler.the_world())


@shared_task(name="provisioning.listen", ignore_result=True, expires=20)
def listen() -> None:
    """Hear what places say about machines that leave."""
    reconciler.listen(now(), reconciler.the_world())


@shared_task(name="provisioning.visits", ignore_result=True, expires=25)
def visits() -> None:
    """Count visitors. A front door that is away is told this day's key by the next round."""
    with suppress(TryAgain):
        reconciler.count_visits(now(), reconciler.the_world().front_door, settings.VISITS)


@shared_task(name="provisioning.mirrors", ignore_result=True, expires=5)
def mirrors() -> None:
    """Keep our copies of content repositories fresh."""
    reconciler.refresh_mirrors(now)


def go_on() -> None:
    """Have a drain follow at once. If the broker is away, the clock's next one does."""
    with suppress(OperationalError, OSError):
        drain.apply_async(retry=False)


def poke(kind: Kind, pk: int) -> None:
    """Send a poke; a broker that is away is no error, because the sweep comes anyway."""
    try:
        reconcile.apply_async((kind.value, pk), retry=False)
    except (OperationalError, OSError):
        drain.app.log.get_default_logger().warning("nobody could be poked about %s %s; the sweep will come", kind, pk)


nudge.poke_with(poke)
