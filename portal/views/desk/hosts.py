"""The hosts of a place whose machines are given, not made: what each does now, and what was on it before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from portal import gate
from portal.desk import audit
from portal.desk.ask import WITHIN, keeper_of, say, why_not
from portal.requests import SignedInRequest
from provisioning.driver import Host, HostState
from provisioning.errors import Stop
from provisioning.models import Fabric, Machine

STATES: Mapping[str, tuple[str, str | Promise]] = {
    HostState.FREE: ("○", gettext_lazy("free")),
    HostState.RESERVED: ("◔", gettext_lazy("reserved")),
    HostState.IN_USE: ("●", gettext_lazy("in use")),
    HostState.WIPING: ("◌", gettext_lazy("being wiped")),
    HostState.QUARANTINE: ("▲", gettext_lazy("in quarantine")),
    HostState.DOWN: ("✕", gettext_lazy("does not answer")),
    HostState.PROTECTED: ("■", gettext_lazy("protected: never touched")),
}
"""A shape and a word for what a host does."""
SHOWN = 500


@dataclass(frozen=True)
class Line:
    """One host as it is shown."""

    host: Host
    shape: str
    word: str
    told: str
    now: Machine | None
    """Our machine on it."""
    before: Sequence[Machine]

    @property
    def since(self) -> object:
        """The moment that the host itself has written down."""
        return parse_datetime(self.host.since) if self.host.since else None

    @property
    def is_foreign(self) -> bool:
        """Somebody has it, and it is none of our services."""
        return bool(self.host.key) and self.now is None

    @property
    def may_be_released(self) -> bool:
        """Whether an admin may let it out."""
        return self.host.state == HostState.QUARANTINE


@gate.counter
@require_safe
def hosts(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask all of them, and show what is on each and what was."""
    place, why, found = get_object_or_404(Fabric.standing(), pk=pk), "", list[Host]()
    try:
        found = list(keeper.hosts(within=WITHIN)) if (keeper := keeper_of(place)) else []
    except Stop as stop:
        why = why_not(stop, place)
    told = {"place": place, "lines": _lines(place, found), "why": why, "zone": request.user.zone}
    return render(request, "desk/hosts.html", told)


@gate.administrators
@require_POST
def release(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look at a host a second time, and let it out of quarantine if nothing is left on it."""
    place, name = get_object_or_404(Fabric.standing(), pk=pk), request.POST.get("host", "")[:200]
    if not (keeper := keeper_of(place)):
        return redirect("desk-place-hosts", pk=pk)
    try:
        keeper.release(name, within=WITHIN)
    except Stop as stop:
        messages.error(
            request, _("%(host)s stays in quarantine. %(why)s") % {"host": name, "why": why_not(stop, place)}
        )
    else:
        audit.write("release-host", place, by=request.user, at=timezone.now(), told=name)
        messages.success(request, _("%(host)s is free again: a second look found nothing left on it.") % {"host": name})
    return redirect("desk-place-hosts", pk=pk)


def _lines(place: Fabric, hosts: Sequence[Host]) -> Sequence[Line]:
    rows = (
        Machine.objects.filter(fabric=place)
        .exclude(place_id="")
        .exclude(deployment=None)
        .select_related("deployment__event", "deployment__owner")
    )
    on, by_key = defaultdict[str, list[Machine]](list), dict[str, Machine]()
    for row in rows.order_by("-created_at", "-pk")[:SHOWN]:
        on[row.place_id].append(row)
        by_key[row.key] = row
    found = []
    for host in hosts:
        shape, word = STATES.get(host.state, ("?", host.state))
        now = by_key.get(host.key)
        before = [row for row in on[host.name] if row != now]
        found.append(Line(host, shape, str(word), say(host.told, host.params), now, before))
    return found
