"""A person's own rooms: their events, and themselves."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.mail.unreached import is_unreached
from portal.pages.service import Face, face_of, phase_of
from portal.requests import SignedInRequest
from provisioning.models import Deployment, Event
from provisioning.phases import Phase, Role

NEEDS_AT_MOST = 5


@dataclass(frozen=True)
class ServiceLine:
    """A service in a list."""

    deployment: Deployment
    phase: str

    @property
    def face(self) -> Face:
        """Which face its page has."""
        return face_of(self.deployment)

    @property
    def is_open(self) -> bool:
        """Visitors find it at its address."""
        return self.phase == Phase.READY

    @property
    def needs_somebody(self) -> bool:
        """It will not come right by itself."""
        return self.phase in (Phase.FAILED, "silent", "shut")


@dataclass(frozen=True)
class EventCard:
    """An event in a list, with its services."""

    event: Event
    lines: list[ServiceLine]
    looked_after: list[ServiceLine]
    """Those that the person may do something about."""


def cards(user_pk: int) -> list[EventCard]:
    """Read somebody's events with their services in two queries; the one that ends next comes first."""
    services = Deployment.objects.select_related("release__app").order_by("created_at", "pk")
    part = Event.objects.filter(memberships__person=user_pk).annotate(role=F("memberships__role"))
    events = part.prefetch_related(Prefetch("deployments", services))
    now = timezone.now()
    in_order = sorted(events, key=lambda event: (event.closes_at <= now, abs(event.closes_at - now)))
    return [EventCard(event, lines := lines_of(event), _looked_after(event, lines, user_pk)) for event in in_order]


def _looked_after(event: Any, lines: list[ServiceLine], user_pk: int) -> list[ServiceLine]:
    """Of an event that was read with what this person is in it."""
    return [line for line in lines if event.role == Role.ORGANISER or line.deployment.launched_by_id == user_pk]


def lines_of(event: Event) -> list[ServiceLine]:
    """The services of an event that was read with them; those that are gone come last."""
    in_order = sorted(event.deployments.all(), key=lambda one: one.is_gone)
    return [ServiceLine(deployment, phase_of(deployment)) for deployment in in_order]


@login_required
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Show somebody's events, and what needs them."""
    mine = cards(request.user.pk)
    needs = [line for card in mine for line in card.looked_after if line.needs_somebody][:NEEDS_AT_MOST]
    told = {"cards": mine, "needs": needs, "is_unreached": is_unreached(request.user)}
    return render(request, "pages/home.html", told)
