"""The addresses of /api/v1. Each passes the gate, calls the verb that the page calls, and says what is now."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import App, Release, State
from portal import gate
from portal.api.documents import app_document, event_document, outputs_document, place_document, service_document
from portal.api.door import Refused, question, spoken
from portal.launch_form import LaunchForm
from portal.models import User
from portal.pages.places import offers
from portal.requests import SignedInRequest
from portal.views.launch import pressed
from provisioning.models import Deployment, Event

MOST = 500
"""Rows of a list; the newest."""
LONGEST_KEY = 64
ASKED = ("event", "event_name", "last_day", "title", "place")
UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""What JSON can say and no database takes as text."""


def list_apps(_request: SignedInRequest) -> HttpResponse:
    """Every app on the shelf."""
    shelf = App.objects.filter(state=State.PUBLISHED).select_related("current").order_by("slug")
    return JsonResponse({"apps": [app_document(app.current) for app in shelf if app.current]})


def list_events(request: SignedInRequest) -> HttpResponse:
    """Events that its owner takes part in."""
    mine = Event.objects.filter(memberships__person=request.user).order_by("-created_at", "-pk")
    return JsonResponse({"events": [event_document(event) for event in mine[:MOST]]})


def list_services(request: SignedInRequest) -> HttpResponse:
    """Services that its owner may wish something for; `?event=ID` those of one event."""
    mine = gate.changeable_deployments(request.user).select_related("event", "release__app")
    mine = mine.prefetch_related("machines")
    if event := request.GET.get("event"):
        mine = mine.filter(event__key=event)
    return JsonResponse({"services": [service_document(one) for one in mine.order_by("-created_at", "-pk")[:MOST]]})


def list_places(request: SignedInRequest) -> HttpResponse:
    """Where its owner may launch an app (`?app=ID`), the best first."""
    release = gate.visible_app(request.user, request.GET.get("app", "")).current
    assert release is not None  # the gate lets no other through
    found = offers(release.manifest, request.user.pk, at=timezone.now())
    return JsonResponse({"places": [place_document(offer) for offer in found]})


def launch(request: SignedInRequest) -> HttpResponse:
    """Set up a service: {app, event | event_name + last_day, title, place, values}. Repeatable with the same Idempotency-Key."""
    asked, now = _with_texts(question(request)), timezone.now()
    release = gate.visible_app(request.user, asked.get("app") or "").current
    assert release is not None  # the gate lets no other through
    form = filled_in(asked, release, request.user, now, key=request.headers.get("Idempotency-Key", ""))
    known = Deployment.objects.filter(launched_by=request.user, form_token=form.data["form_token"]).exists()
    deployment = pressed(form, release)
    if deployment is None:
        wrong = {_name_of(field): [str(error) for error in errors] for field, errors in form.errors.items()}
        raise Refused("not-right", wrong=wrong)
    return JsonResponse(service_document(deployment), status=200 if known else 201)


def _with_texts(asked: dict[str, Any]) -> dict[str, Any]:
    """The question, if every word of ours in it is a text or null. Raises Refused."""
    if wrong := [name for name in ("app", *ASKED) if not _is_text_or_null(asked.get(name))]:
        raise Refused("not-right", wrong={name: [_("Expected a text.")] for name in wrong})
    return asked


def _is_text_or_null(value: object) -> bool:
    return value is None or (isinstance(value, str) and not UNWRITABLE.search(value))


def filled_in(asked: dict[str, Any], release: Release, user: User, now: datetime, *, key: str) -> LaunchForm:
    """The form of the page, with what was asked in it and the page's own suggestions for the rest. Raises Refused."""
    events = list(gate.events_to_launch_for(user, now))
    blank = LaunchForm(release.manifest, user, events, now)
    data = {name: blank.get_initial_for_field(field, name) for name, field in blank.fields.items()}
    values = asked.get("values", {})
    if not isinstance(values, dict):
        raise Refused("not-right", wrong={"values": [_("Expected an object: the id of a question and its answer.")]})
    if unknown := set(values) - {param.id for param in release.manifest.params}:
        raise Refused("not-right", wrong={name: [_("This app has no such question.")] for name in sorted(unknown)})
    told: dict[str, Any] = {name: asked[name] for name in ASKED if name in asked}
    if "event" not in told:
        told["event"] = "new"
    if len(key) > LONGEST_KEY:
        raise Refused("not-right", wrong={"Idempotency-Key": [_("At most 64 characters.")]})
    told["form_token"] = key or uuid4().hex
    return LaunchForm(release.manifest, user, events, now, data | told | {f"p_{name}": values[name] for name in values})


def look(request: SignedInRequest, key: str) -> HttpResponse:
    """One service."""
    return JsonResponse(service_document(gate.visible_deployment(request.user, key)))


def wish(verb: Callable[[Deployment, User, datetime], bool]) -> Callable[[SignedInRequest, str], HttpResponse]:
    """An address that wishes something for a service."""

    def wished(request: SignedInRequest, key: str) -> HttpResponse:
        found = gate.changeable_deployment(request.user, key)
        if not verb(found, request.user, timezone.now()):
            raise Refused("not-possible")
        return JsonResponse(service_document(gate.changeable_deployment(request.user, key)), status=202)

    return wished


def hand_over(request: SignedInRequest, key: str) -> HttpResponse:
    """What a service has handed over, passwords among it. That it was looked at is written down, as on the page."""
    found = gate.changeable_deployment(request.user, key)
    return JsonResponse({"outputs": outputs_document(found, found.outputs(by=request.user, at=timezone.now()))})


def _name_of(field: str) -> str:
    return field.removeprefix("p_") if field != "__all__" else "service"


apps = spoken(get=list_apps)
places = spoken(get=list_places)
events = spoken(get=list_events)
services = spoken(get=list_services, post=launch)
service = spoken(get=look)
restart = spoken(post=wish(lambda found, by, at: found.restart(by=by, at=at)))
pull = spoken(post=wish(lambda found, by, at: found.pull_now(by=by, at=at)))
retry = spoken(post=wish(lambda found, by, at: found.retry(by=by, at=at)))
end = spoken(post=wish(lambda found, by, at: found.retire(by=by, at=at)))
outputs = spoken(post=hand_over)
