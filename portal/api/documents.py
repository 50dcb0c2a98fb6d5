"""What programs read. A field may be added; none is renamed, taken away or given another meaning within /api/v1."""

from datetime import datetime
from typing import Any, TypedDict

from catalog.manifest import Manifest, Param
from catalog.models import Release
from portal.pages.places import Offer
from portal.pages.service import phase_of
from provisioning.models import Deployment, Event
from provisioning.phases import Stand


class Question(TypedDict):
    """One question of an app."""

    id: str
    label: str
    type: str  # of the manifest: text, choice, secret …
    is_asked: bool  # False: it answers itself, unless it is told otherwise
    choices: list[str]


class AppDocument(TypedDict):
    """An app on the shelf."""

    id: str
    name: str
    tagline: str
    version: str
    commit: str
    memory_mib: int
    questions: list[Question]


class EventDocument(TypedDict):
    """An event; times are ISO 8601 with their zone."""

    id: str
    name: str
    opens_at: str
    closes_at: str
    zone: str


class ServiceDocument(TypedDict):
    """A service, whatever has become of it."""

    id: str
    title: str
    app: str
    event: str
    address: str
    state: str  # waiting, building, ready, silent, shut, failed, retiring, gone
    problem: str  # its code, empty where nothing is wrong
    created_at: str
    ready_at: str | None
    ends_at: str
    place: str  # the id of the one it is at, or is wanted at; "" = none yet


class PlaceDocument(TypedDict):
    """A place where its owner may launch an app."""

    id: str
    name: str
    is_own: bool  # an account of one's own; used only when it is asked for
    has_room: bool
    price_per_day: str  # "" = nothing


def place_document(offer: Offer) -> PlaceDocument:
    """Write down a place, for one app."""
    return {
        "id": str(offer.place.pk),
        "name": offer.place.name,
        "is_own": offer.is_own,
        "has_room": offer.has_room,
        "price_per_day": offer.per_day,
    }


def app_document(release: Release) -> AppDocument:
    """Write down an app."""
    manifest: Manifest = release.manifest
    return {
        "id": manifest.id,
        "name": manifest.name,
        "tagline": manifest.tagline,
        "version": release.version,
        "commit": release.commit,
        "memory_mib": manifest.memory_mib,
        "questions": [_question(param) for param in manifest.params],
    }


def event_document(event: Event) -> EventDocument:
    """Write down an event."""
    return {
        "id": event.key,
        "name": event.name,
        "opens_at": _moment(event.opens_at, event),
        "closes_at": _moment(event.closes_at, event),
        "zone": event.zone,
    }


def service_document(deployment: Deployment) -> ServiceDocument:
    """Write down a service. What it has handed over is secret, and not in it."""
    event = deployment.event
    return {
        "id": deployment.key,
        "title": deployment.title,
        "app": deployment.manifest.id,
        "event": event.key,
        "address": deployment.url,
        "state": phase_of(deployment),
        "problem": deployment.problem,
        "created_at": _moment(deployment.created_at, event),
        "ready_at": _moment(deployment.ready_at, event) if deployment.ready_at else None,
        "ends_at": _moment(deployment.expires_at, event),
        "place": _place(deployment),
    }


def outputs_document(deployment: Deployment, values: dict[str, Any]) -> dict[str, Any]:
    """Write down what a service has handed over."""
    return {output.id: values[output.id] for output in deployment.manifest.outputs if output.id in values}


def _question(param: Param) -> Question:
    return {
        "id": param.id,
        "label": param.label,
        "type": param.type,
        "is_asked": param.ask,
        "choices": list(param.choices),
    }


def _place(deployment: Deployment) -> str:
    here = (machine for machine in deployment.machines.all() if machine.stand != Stand.NEXT)
    machine = max(here, key=lambda one: one.pk, default=None)  # read in one go for a list
    return str((machine.fabric_id if machine else deployment.place_id) or "")


def _moment(at: datetime, event: Event) -> str:
    return at.astimezone(event.tzinfo).isoformat(timespec="seconds")
