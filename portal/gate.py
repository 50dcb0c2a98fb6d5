"""Who may. Every view asks here; what is not yours is not there (404), in the same words as what never was."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse

from catalog.models import App, State
from portal.models import User
from portal.requests import SignedInRequest
from provisioning.models import Archive, Deployment, Event, Fabric, Machine, Membership
from provisioning.phases import Phase, Role

Visitor = User | AnonymousUser
P = ParamSpec("P")
KEPT: Mapping[str, Any] = {"deleted_at": None, "is_surplus": False}
PUT_UP = {
    "deployment__phase__in": [Phase.READY, Phase.FAILED, Phase.GONE],
    "deployment__release__app__state": State.PUBLISHED,
    "deployment__suspend_wanted": False,
}
View = Callable[Concatenate[SignedInRequest, P], HttpResponse]


def counter(view: View[P]) -> View[P]:
    """A room for the people behind the counter."""
    return _room(view, lambda user: user.is_staff)


def curators(view: View[P]) -> View[P]:
    """A room for curators, and for all others behind the counter."""
    return _room(view, lambda user: user.is_staff or user.is_curator)


def administrators(view: View[P]) -> View[P]:
    """A room for those who answer for the whole house."""
    return _room(view, lambda user: user.is_staff and user.is_superuser)


def _room(view: View[P], may: Callable[[User], bool]) -> View[P]:
    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(guarded)


def service_at(host: str) -> Deployment | None:
    """The service that a host name was given to, in whatever phase it is. Everybody may know that much."""
    name, _, domain = host.lower().partition(":")[0].partition(".")
    services = Deployment.objects.select_related("event__owner", "owner", "release").order_by("-pk")
    if domain == settings.APPS_DOMAIN:
        return services.filter(name=name).first()
    where, _, port = host.rpartition(":")
    if where and where == settings.LAN_ADDRESS and port.isdecimal():
        return services.filter(port=int(port)).first()  # the newest: whose it was before is gone for long
    return None


def visible_app(visitor: Visitor, slug: str) -> App:
    """An app on the shelf; for the people behind the counter also one that is not there yet."""
    apps = App.objects.select_related("current").filter(slug=slug, current__isnull=False)
    found = apps.first() if visitor.is_staff else apps.filter(state=State.PUBLISHED).first()
    if found is None:
        raise Http404
    return found


def visible_deployment(user: User, key: str) -> Deployment:
    """A service of an event that they take part in; the people behind the counter may look at any."""
    return _deployment(key, Q() if user.is_staff else Q(event__memberships__person=user))


def changeable_deployment(user: User, key: str) -> Deployment:
    """A service that they may wish something for."""
    return _deployment(key, _theirs(user))


def changeable_deployments(user: User) -> QuerySet[Deployment]:
    """All services that they may wish something for."""
    return Deployment.objects.filter(_theirs(user))


def may_change(user: User, deployment: Deployment) -> bool:
    """Whether they may wish something for this service, and see what it has handed over."""
    return Deployment.objects.filter(_theirs(user), pk=deployment.pk).exists()


def visible_event(user: User, key: str) -> Event:
    """An event that they take part in; the people behind the counter may look at any."""
    return _event(key, Q() if user.is_staff else Q(memberships__person=user))


def own_event(user: User, key: str) -> Event:
    """An event that they take part in themselves."""
    return _event(key, Q(memberships__person=user))


def event_in_full(user: User, key: str) -> Event:
    """An event that they organise, with its people, copies and history; the counter may look at any."""
    return _event(key, Q() if user.is_staff else _organised_by(user))


def part_in(user: User, event: Event) -> Membership | None:
    """What they are in this event; None for the people behind the counter, who only look."""
    return Membership.objects.filter(event=event, person=user).first()


def organises(user: User, event: Event) -> bool:
    """Whether they may change the event itself. Its owner always may, and nobody is asked for that."""
    return event.owner_id == user.pk or Event.objects.filter(_organised_by(user), pk=event.pk).exists()


def people_seen_by(user: User, event: Event) -> QuerySet[Membership]:
    """Its people, for organisers and the counter; participants see who organises it, and themselves."""
    everybody = Membership.objects.filter(event=event)
    sees_all = user.is_staff or everybody.filter(person=user, role=Role.ORGANISER).exists()
    return everybody if sees_all else everybody.filter(Q(role=Role.ORGANISER) | Q(person=user))


def events_to_launch_for(user: User, at: datetime) -> QuerySet[Event]:
    """Events that are not over and that they may put up services for, the newest first."""
    may = Q(memberships__person=user) & (Q(memberships__role=Role.ORGANISER) | Q(all_launch=True))
    return Event.objects.filter(may, closes_at__gt=at).select_related("owner").order_by("-created_at", "-pk")


def public_event(name: str) -> Event:
    """An event whose organiser shows it to everybody."""
    found = Event.objects.select_related("owner").filter(public_name=name).first()
    if found is None:
        raise Http404
    return found


def changeable_event(user: User, key: str) -> Event:
    """An event that they organise."""
    return _event(key, _organised_by(user))


def own_place(user: User, pk: int) -> Fabric:
    """A place of theirs, which nobody else sees."""
    found = Fabric.standing().filter(pk=pk, owner=user).first()
    if found is None:
        raise Http404
    return found


def kept_copy(user: User, key: str, number: int) -> Archive:
    """A copy of a service of theirs that has not been deleted."""
    deployment = changeable_deployment(user, key)
    found = deployment.archives.filter(pk=number, **KEPT).first()
    if found is None:
        raise Http404
    return found


def kept_copies(user: User) -> QuerySet[Archive]:
    """All copies of their services that have not been deleted, the newest first."""
    theirs = Archive.objects.filter(deployment__in=Deployment.objects.filter(_theirs(user)), **KEPT)
    about = theirs.select_related("deployment__event", "deployment__release__app")
    return about.order_by("-verified_at", "-pk")


def running_machines(user: User) -> QuerySet[Machine]:
    """The machines of their services that run; some of them if there are many."""
    theirs = Deployment.objects.filter(_theirs(user), phase=Phase.READY)
    of_theirs = Machine.objects.filter(deployment__in=theirs, phase=Phase.READY)
    return of_theirs.select_related("deployment__event", "deployment__release").order_by("pk")[:20]


def copies_of(event: Event) -> QuerySet[Archive]:
    """All copies of this event's services that have not been deleted, for whoever sees the event in full."""
    kept = Archive.objects.filter(deployment__event=event, **KEPT)
    return kept.select_related("deployment__event", "deployment__release__app").order_by("-verified_at", "-pk")


def copy_to_put_up(user: User, key: str, number: int) -> Archive:
    """A kept copy of theirs that may be put up: of a service that is gone, or beside one that is there."""
    found = kept_copies(user).filter(deployment__key=key, pk=number, **PUT_UP).first()
    if found is None:
        raise Http404
    return found


def _organised_by(user: User) -> Q:
    return Q(memberships__person=user, memberships__role=Role.ORGANISER)


def _theirs(user: User) -> Q:
    """Services of events that they organise, and those that they have put up where they still take part."""
    organises = Q(event__memberships__role=Role.ORGANISER)
    return Q(event__memberships__person=user) & (organises | Q(launched_by=user))


def _deployment(key: str, allowed: Q) -> Deployment:
    found = Deployment.objects.select_related("release__app", "event", "owner").filter(allowed, key=key).first()
    if found is None:
        raise Http404
    return found


def _event(key: str, allowed: Q) -> Event:
    found = Event.objects.select_related("owner").filter(allowed, key=key).first()
    if found is None:
        raise Http404
    return found
