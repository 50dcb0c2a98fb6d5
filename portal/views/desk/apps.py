"""The curator's rooms: what may be on the shelf."""

from typing import ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import sync
from catalog.admin import AppForm
from catalog.manifest import FILE, remarks
from catalog.models import App, State
from portal import gate
from portal.desk import audit
from portal.desk.queue import Candidate, candidates, wishes
from portal.pages.figures import Evidence, evidence
from portal.requests import SignedInRequest
from provisioning.models import Deployment
from provisioning.phases import Phase

SHOWN = 50


class AddForm(AppForm):
    """An app by the address of its repository."""

    class Meta(AppForm.Meta):
        fields = ["url", "ref"]
        labels: ClassVar = {"url": gettext_lazy("Address of its repository"), "ref": gettext_lazy("Branch")}
        help_texts: ClassVar = {"url": gettext_lazy("https://…, with a fairground.toml at its top"), "ref": ""}


@gate.curators
@require_http_methods(["GET", "HEAD", "POST"])
def apps(request: SignedInRequest) -> HttpResponse:
    """Show what waits for a curator, and the shelf; take a new app by its address."""
    form = AddForm(request.POST or None)
    if form.is_bound and form.is_valid():
        return redirect("desk-app", pk=_add(request, form).pk)
    known = candidates(App.objects.all())
    told = {
        "form": form,
        "waiting": [one for one in known if one.is_waiting],
        "shelf": [one for one in known if one.app.state == State.PUBLISHED],
        "wishes": wishes(),
        "off": [one for one in known if one.app.state in (State.RETIRED, State.BROKEN)],
    }
    return render(request, "desk/apps.html", told)


@gate.curators
@require_safe
def app(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one app: what is wrong with it, how it does, its versions, and what uses it."""
    found = _candidate(pk)
    told = {
        "one": found,
        "problems": found.app.told(),
        "remarks": remarks(found.newest.manifest, FILE) if found.newest else (),
        "known": evidence([pk]).get(pk, Evidence()),
        "services": _services_of(pk)[:SHOWN],
    }
    return render(request, "desk/app.html", told)


@gate.curators
@require_POST
def publish(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put its newest version on the shelf: the one that the curator saw, and no newer one."""
    found, at = _candidate(pk), timezone.now()
    if found.newest and str(found.newest.pk) != request.POST.get("release"):
        messages.info(request, _("A newer version has come in the meantime. Nothing was changed; please look again."))
    elif found.newest is None or not found.has_maintainer:
        messages.error(request, _("It names nobody who answers for it, so it was not put on the shelf."))
    elif found.app.publish(found.newest, by=request.user, at=at):
        audit.write("publish", found.app.name, by=request.user, at=at, told=str(found.newest))
        messages.success(request, _("%(app)s is on the shelf now.") % {"app": found.app.name})
    return redirect("desk-app", pk=pk)


@gate.curators
@require_POST
def feature(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show it first on the shelf, or in line with the others."""
    found, first = _candidate(pk).app, request.POST.get("first") == "yes"
    if found.feature(first):
        audit.write("feature" if first else "unfeature", found.name, by=request.user, at=timezone.now())
        messages.success(request, _("It is shown first now.") if first else _("It stands in line again."))
    return redirect("desk-app", pk=pk)


@gate.curators
@require_POST
def look(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look at its repository again."""
    _look(request, _candidate(pk).app)
    return redirect("desk-app", pk=pk)


@gate.curators
@require_POST
def turn_down(request: SignedInRequest, pk: int) -> HttpResponse:
    """Forget a repository in which no version was ever found right."""
    found = _candidate(pk).app
    if found.forget():
        audit.write("turn-down", found.url, by=request.user, at=timezone.now())
        messages.success(request, _("It is off the list."))
    return redirect("desk-apps")


@gate.curators
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what still uses it; then offer it no longer. What runs goes on."""
    found, at = _candidate(pk), timezone.now()
    if request.method == "POST":
        if found.app.retire(by=request.user, at=at):
            audit.write("retire-app", found.app.name, by=request.user, at=at)
            messages.success(request, _("%(app)s is not offered any more.") % {"app": found.app.name})
        return redirect("desk-app", pk=pk)
    return render(request, "desk/retire.html", {"one": found, "services": _services_of(pk)[:SHOWN]})


def _add(request: SignedInRequest, form: AddForm) -> App:
    made: App = form.save(commit=False)
    made.added_by, made.added_at = request.user, timezone.now()
    made.save()
    audit.write("add-app", made.url, by=request.user, at=made.added_at)
    _look(request, made)
    return made


def _look(request: SignedInRequest, app: App) -> None:
    if sync.look_at(app, at=timezone.now()):
        messages.success(request, _("We have looked: its manifest is right."))
    else:
        messages.warning(request, _("We have looked: something is wrong with it. What it is stands below."))


def _candidate(pk: int) -> Candidate:
    found = candidates(App.objects.filter(pk=pk))
    if not found:
        raise Http404
    return found[0]


def _services_of(pk: int) -> QuerySet[Deployment]:
    living = Deployment.objects.exclude(phase=Phase.GONE).filter(release__app=pk)
    return living.select_related("event", "owner").order_by("expires_at", "pk")
