"""What became of what people had put into a service that is gone, where its kept copies alone do not tell it."""

from collections.abc import Mapping
from operator import attrgetter

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.times import day
from provisioning.models import Deployment
from provisioning.phases import Settled

NOT_KEPT: Mapping[tuple[Settled, bool], str | Promise] = {
    (Settled.LOST, False): _("The machine of %(title)s was lost, and with it what people had put into it."),
    (Settled.LOST, True): _(
        "The machine of %(title)s was lost, and with it what people had put into it since its last copy."
    ),
    (Settled.WAIVED, False): _("Whoever runs this house decided to go without a copy of %(title)s."),
    (Settled.WAIVED, True): _("Whoever runs this house decided to go without a newer copy of %(title)s."),
}
"""Why there is no copy of its end, and whether there is an older one."""
DELETED = _("The copy of %(title)s was deleted on %(day)s.")


def is_short(service: Deployment) -> bool:
    """Something that people had put into it was not kept, although the app would have."""
    return (_settled(service), False) in NOT_KEPT


def what_became(service: Deployment) -> str:
    """Say it in the reader's language; empty where all is kept, or nothing was ever there to be kept."""
    copies = [copy for copy in service.archives.all() if not copy.is_surplus]
    is_kept = any(copy.deleted_at is None for copy in copies)
    deleted_at = max((copy.deleted_at for copy in copies if copy.deleted_at), default=None)
    said = [NOT_KEPT[_settled(service), is_kept]] if is_short(service) else []
    told = {"title": service.title}
    if deleted_at and not is_kept:
        said, told["day"] = [*said, DELETED], day(deleted_at, service.event.tzinfo)
    return " ".join(str(sentence) % told for sentence in said)


def _settled(service: Deployment) -> Settled:
    """Why the data of the last of its machines that held any could go."""
    last_first = sorted(service.machines.all(), key=attrgetter("pk"), reverse=True) if service.ready_at else []
    held = (Settled(machine.settled) for machine in last_first if machine.settled != Settled.NEVER_LOADED)
    return next(held, Settled.NEVER_LOADED)
