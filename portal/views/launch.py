"""The launch: one form, one press. Its token stands in the form's address, so that going back finds it again."""

from decimal import Decimal
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from catalog.models import Release
from portal import gate
from portal.launch_form import LaunchForm
from portal.pages.figures import Evidence, evidence
from portal.requests import SignedInRequest
from portal.views.front import FOR, Stall
from provisioning.admission import share_of
from provisioning.models import Archive, Deployment, Event
from provisioning.models.house import longest_event_of
from provisioning.models.local_network import NoPortLeftError

PRESS = "press"
"""What the address of a form calls the token of its press."""
LONGEST_TOKEN = 64


def once(request: SignedInRequest) -> HttpResponse | None:
    """Where the form of a launch leads before it is shown: to its own address with a token, or to what was launched with it."""
    token = request.GET.get(PRESS, "")
    if request.method == "POST":
        return None
    if not token.isalnum() or len(token) > LONGEST_TOKEN:
        query = request.GET.copy()
        query[PRESS] = uuid4().hex
        return redirect(f"{request.path}?{query.urlencode()}")
    launched = Deployment.objects.filter(launched_by=request.user, form_token=token).first()
    return redirect("service", key=launched.key) if launched else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_service(request: SignedInRequest) -> HttpResponse:
    """Ask what is needed; on the press, make the event if it is new, and launch."""
    app = gate.visible_app(request.user, request.GET.get("app", ""))
    release = app.current
    assert release is not None  # the gate lets no other through
    if elsewhere := once(request):
        return elsewhere
    now = timezone.now()
    chosen = request.GET.get(FOR, "")
    events = sorted(gate.events_to_launch_for(request.user, now), key=lambda event: event.key != chosen)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = LaunchForm(release.manifest, request.user, events, now, *given)
    form.initial["form_token"] = request.GET.get(PRESS, "")
    if deployment := pressed(form, release):
        return redirect("service", key=deployment.key)
    known = evidence([app.pk]).get(app.pk, Evidence())
    told = {"form": form, "stall": Stall(app, release.manifest, known), "release": release}
    share, needs = share_of(form.payer()), release.manifest.install_memory_mib
    told |= {
        "offer": form.best,
        "share": share,
        "is_own": form.payer() == request.user.pk,
        "waits": not share.has_room_for(needs),
        "never": not share.could_ever_hold(needs),
        "longest": longest_event_of(request.user.pk).days,
    }
    return render(request, "services/new.html", told)


def pressed(form: LaunchForm, release: Release, copy: Archive | None = None) -> Deployment | None:
    """Launch if the form was sent and is right; with a copy, put that up again. None = not yet; the form says why."""
    if not (form.is_bound and form.is_valid()):
        return None
    try:
        return _launch(form, release, copy)
    except NoPortLeftError:
        form.add_error(
            None, _("No address is free at the moment. Nothing was begun; try again when a service has ended.")
        )
        return None


def _launch(form: LaunchForm, release: Release, copy: Archive | None) -> Deployment:
    """Launch once per form token: a double click, a reload and the back button all lead to the same service."""
    user, token = form.user, form.cleaned_data["form_token"]
    same = Deployment.objects.filter(launched_by=user, form_token=token)
    try:
        with transaction.atomic():
            return same.first() or Deployment.objects.launch(
                event=form.chosen_event() or _new_event(form),
                release=release,
                by=user,
                form_token=token,
                at=form.now,
                title=form.cleaned_data["title"],
                values=dict(form.values),
                dataset=copy.deployment.dataset if copy else release.dataset,
                copy=copy,
                place=form.chosen_place(),
                dearest=form.cleaned_data.get("dearest") or Decimal(0),
            )
    except IntegrityError:  # the same press, a moment earlier
        return same.get()


def _new_event(form: LaunchForm) -> Event:
    assert form.ends is not None  # a valid form for a new event has its end
    zone = form.zone().key
    if not form.user.time_zone:
        form.user.time_zone = zone
        form.user.save(update_fields=["time_zone"])
    return Event.objects.create(
        name=form.cleaned_data["event_name"],
        owner=form.user,
        zone=zone,
        opens_at=form.now,
        closes_at=form.ends,
        created_at=form.now,
    )
