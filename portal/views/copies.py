"""Kept copies: what there is, until when, and putting one up again."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal import gate
from portal.launch_form import LaunchForm
from portal.pages.downloads import download
from portal.pages.nights import tonight
from portal.requests import SignedInRequest
from portal.views.launch import PRESS, once, pressed
from provisioning.errors import Stop
from provisioning.models import Archive, Deployment
from provisioning.phases import Phase
from provisioning.reconciler import the_vault


@dataclass(frozen=True)
class CopyLine:
    """A kept copy in the list. `up` is the service that has its address now."""

    copy: Archive
    up: Deployment | None

    @property
    def may_be_put_up(self) -> bool:
        """Its app is still offered, and it was not taken off."""
        return self.copy.deployment.may_come_again

    @property
    def is_beside(self) -> bool:
        """Its own service is there, and would stay there."""
        return self.up is not None and self.up.pk == self.copy.deployment_id


def lines_of(kept: Sequence[Archive]) -> list[CopyLine]:
    """Find for each copy what is up at its address, in one query."""
    names = {copy.deployment.name for copy in kept}
    up = {row.name: row for row in Deployment.objects.filter(name__in=names).exclude(phase=Phase.GONE)}
    return [CopyLine(copy, up.get(copy.deployment.name)) for copy in kept]


@login_required
@require_safe
def copies(request: SignedInRequest) -> HttpResponse:
    """Show somebody's kept copies."""
    lines = lines_of(list(gate.kept_copies(request.user)))
    first = None if lines else tonight(gate.running_machines(request.user), timezone.now())
    return render(request, "copies/copies.html", {"lines": lines, "first": first})


@login_required
@require_safe
def fetch(request: SignedInRequest, key: str, number: int) -> HttpResponseBase:
    """Download a kept copy."""
    copy = gate.kept_copy(request.user, key, number)
    filename = f"{copy.deployment.name}-{copy.verified_at:%Y-%m-%d}.tar.gz"
    try:
        return download(the_vault(), copy.name, filename, request.headers.get("Range", ""))
    except Stop:
        messages.error(
            request, _("Where copies are kept nobody answers. Your copy is safe; try again in some minutes.")
        )
        return redirect("service", key=key)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """Ask for which event, and what the app asks; on the press, put the copy up again."""
    copy = gate.copy_to_put_up(request.user, key, number)
    if elsewhere := once(request):
        return elsewhere
    before, now = copy.deployment, timezone.now()
    events = list(gate.events_to_launch_for(request.user, now))
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = LaunchForm(before.manifest, request.user, events, now, *given)
    form.initial.update(title=before.title, form_token=request.GET.get(PRESS, ""))
    if deployment := pressed(form, before.release, copy):
        return redirect("service", key=deployment.key)
    keeps = lines_of([copy])[0].up is None and before.owner_id == request.user.pk
    return render(request, "copies/again.html", {"form": form, "copy": copy, "keeps_address": keeps})
