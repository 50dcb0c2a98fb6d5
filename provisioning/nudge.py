"""A poke to look at a row now. It may be lost; the sweep finds the row anyway."""

from collections.abc import Callable

from django.db import transaction

from provisioning.phases import Kind

Poke = Callable[[Kind, int], None]


def _nobody(kind: Kind, pk: int) -> None:
    """Before Celery's door is loaded there is nobody to poke."""


_poke: Poke = _nobody


def poke_with(poke: Poke) -> None:
    """Set how a poke travels. Called once, by the door (`provisioning.tasks`)."""
    global _poke  # noqa: PLW0603 - the one seam between rows and the broker
    _poke = poke


def nudge_on_commit(kind: Kind, pk: int) -> None:
    """Poke once the reason is committed. A broker that is away is no error: the row is due, and the sweep will come."""
    transaction.on_commit(lambda: _poke(kind, pk), robust=True)
