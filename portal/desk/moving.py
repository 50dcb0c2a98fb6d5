"""How services that are to leave a place are getting on: what each waits for, or why it stayed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal import words
from portal.sentences import WAITS
from provisioning.models import Deployment


@dataclass(frozen=True)
class Leaving:
    """One service at a place that is drained."""

    service: Deployment
    told: str
    """How its move goes; "" = nobody asked for one."""


def leaving(services: Iterable[Deployment]) -> Iterator[Leaving]:
    """Each with how its move goes."""
    for service in services:
        yield Leaving(service, _told(service))


def _told(service: Deployment) -> str:
    if service.moving_since:
        return _("Its visitors wait a moment: what is in it is on its way to another place.")
    if service.move_problem:
        why = words.problem(service.move_problem, "", {}, was_open=True, title=service.title).happened
        if service.move_asked_at:
            return _("It runs on here. %(why)s It is tried again by itself.") % {"why": why}
        return _("It has stayed here. %(why)s It moves only if you ask for it again.") % {"why": why}
    if service.move_asked_at:
        usual = _("A machine elsewhere is made ready for it; until then it runs on here.")
        return str(WAITS.get(service.waits_for, usual))
    return ""
