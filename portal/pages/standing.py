"""How the portal stands, in plain words for everybody: from the database, as every program sees it, and without a secret."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.server import health
from provisioning.models import Admission, Deployment, Mail
from provisioning.phases import Phase, Wanted

LATELY = timedelta(days=7)
PATIENCE = timedelta(minutes=10)
"""After which a service that does not answer, or a mail that has not left, is told."""


@dataclass(frozen=True)
class Standing:
    """One thing about the portal, well or not."""

    what: str
    is_well: bool = True


def standings(at: datetime) -> Sequence[Standing]:
    """All there is to be told, in a fixed number of questions."""
    parts: tuple[Callable[[datetime], Iterator[Standing]], ...] = (_work, _launches, _services, _lately, _mail)
    return [standing for part in parts for standing in part(at)]


def _work(at: datetime) -> Iterator[Standing]:
    if health.silent(at):
        late = _(
            "What you ask for is written down and done later: a part of the portal has not been heard for a minute."
        )
        going_on = _("Services that are open go on.")
        yield Standing(f"{late} {going_on}", is_well=False)
    else:
        yield Standing(_("What you ask for is done at once."))


def _launches(_at: datetime) -> Iterator[Standing]:
    admission = Admission.objects.filter(pk=1).first()
    waiting = Deployment.objects.filter(phase=Phase.WAITING, wanted=Wanted.UP).count()
    if admission and admission.quarantined:
        yield Standing(_("The portal was put back from a backup and is being looked at. Nothing new begins."), False)
    elif admission and not admission.is_open:
        yield Standing(_("New launches are paused; they keep their place in line."), is_well=False)
    elif waiting:
        said = ngettext("%(n)d launch waits for room.", "%(n)d launches wait for room.", waiting)
        yield Standing(said % {"n": waiting}, is_well=False)
    else:
        yield Standing(_("There is room: a launch begins at once."))


def _services(at: datetime) -> Iterator[Standing]:
    opened = Deployment.objects.filter(phase=Phase.READY, wanted=Wanted.UP, suspend_wanted=False)
    n = opened.aggregate(all=Count("pk"), silent=Count("pk", filter=Q(silent_since__lte=at - PATIENCE)))
    if not n["all"]:
        yield Standing(_("No service is open at the moment."))
    elif n["silent"]:
        yield Standing(_("%(silent)d of %(all)d open services do not answer.") % n, is_well=False)
    else:
        said = ngettext("The one open service answers.", "All %(all)d open services answer.", n["all"])
        yield Standing(said % n)


def _lately(at: datetime) -> Iterator[Standing]:
    begun = Deployment.objects.filter(admitted_at__gt=at - LATELY)
    n = begun.aggregate(
        opened=Count("pk", filter=Q(ready_at__isnull=False)),
        failed=Count("pk", filter=Q(ready_at=None, phase=Phase.FAILED)),
    )
    if tried := n["opened"] + n["failed"]:
        said = ngettext(
            "Of the last week's one launch, %(opened)d opened.",
            "Of the last week's %(tried)d launches, %(opened)d opened.",
            tried,
        )
        yield Standing(said % {"tried": tried, "opened": n["opened"]}, is_well=n["failed"] <= n["opened"])


def _mail(at: datetime) -> Iterator[Standing]:
    if settings.EMBEDDED_MAIL:
        yield Standing(
            _("No mail server is set up: mails can be read at the portal's own computer only."), is_well=False
        )
    elif Mail.objects.filter(sent_at=None, given_up_at=None, created_at__lt=at - PATIENCE).exists():
        yield Standing(_("Mails are late."), is_well=False)
    else:
        yield Standing(_("Mails leave."))
