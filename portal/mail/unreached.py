"""Whom no mail reaches, because their address is refused: told to themselves, and to those who organise with them."""

from collections.abc import Sequence

from django.db.models import Q

from portal.mail import outbox
from portal.mail.troubles import ADDRESS
from portal.models import User
from provisioning.models import Event


def is_unreached(person: User) -> bool:
    """Whether a mail to them waits because a server refuses their address."""
    return outbox.unsent().filter(trouble=ADDRESS, recipient=person.email).exists()


def unreached(event: Event) -> Sequence[str]:
    """What those are called to whom a mail about this event waits for the same reason; two questions, one if there are none."""
    about = Q(entry__event=event) | Q(entry__deployment__event=event)
    addresses = set(outbox.unsent().filter(about, trouble=ADDRESS).values_list("recipient", flat=True))
    if not addresses:
        return []
    people = User.objects.filter(email__in=addresses, memberships__event=event).order_by("memberships__since", "pk")
    return [person.called for person in people]
