"""An hour with an app for somebody without an account. Their browser's session leads to it; who signs up may keep it."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from catalog.manifest import Manifest, complete
from catalog.models import Release
from portal.models import User
from portal.pages.places import offers
from provisioning.models import Admission, Deployment, Event, House
from provisioning.models.house import longest_event_of
from provisioning.phases import Phase, Role, Wanted

LENGTH = timedelta(hours=1)
KEPT_FOR = timedelta(days=7)
"""How long an event lasts that a kept trial has become; it can be extended like any other."""
NOBODY = "trials"
"""The account whose all trials are. Nobody signs in with it, and no mail goes to it."""
SESSION = "trial"


def nobody() -> User:
    """Whose trials are until somebody keeps them."""
    return User.objects.get_or_create(username=NOBODY, defaults={"first_name": "Trials", "is_active": False})[0]


def are_offered(manifest: Manifest) -> bool:
    """Whether the administrators allow any, and the app can do without an answer that only a person has."""
    return bool(House.here().trials_at_once) and not complete(manifest.params, {}).problems


@transaction.atomic
def begin(release: Release, at: datetime) -> Deployment | None:
    """Set it up for an hour, with every question answered as the app suggests. None = as many run as may."""
    Admission.lock()
    owner = nobody()
    living = Deployment.objects.filter(owner=owner).exclude(phase=Phase.GONE)
    if living.count() >= (House.here().trials_at_once or 0):
        return None
    manifest = release.manifest
    event = Event.objects.create(
        name=manifest.name,
        owner=owner,
        zone=settings.HOUSE_TIME_ZONE,
        opens_at=at,
        closes_at=at + LENGTH,
        created_at=at,
    )
    return Deployment.objects.launch(
        event=event,
        release=release,
        by=owner,
        form_token=uuid4().hex,
        at=at,
        title=manifest.name,
        values=dict(complete(manifest.params, {}).values),
        dataset=release.dataset,
        dearest=next((offer.most for offer in offers(manifest, owner.pk, at=at)), Decimal(0)),
    )


def remember(request: HttpRequest, deployment: Deployment) -> None:
    """Let this browser find it again."""
    request.session[SESSION] = deployment.key


def of(request: HttpRequest) -> Deployment | None:
    """The trial of this browser, as long as nobody has kept it."""
    key = request.session.get(SESSION)
    trials = Deployment.objects.filter(key=key, owner__username=NOBODY) if key else Deployment.objects.none()
    return trials.select_related("release__app", "event", "owner").first()


@transaction.atomic
def keep(deployment: Deployment, person: User, at: datetime) -> bool:
    """Make it theirs, in an event of their own. Return False if its hour is over, or if somebody has kept it."""
    event = Event.objects.select_for_update().get(pk=deployment.event_id)
    living = Deployment.objects.filter(pk=deployment.pk, wanted=Wanted.UP)
    if event.owner.username != NOBODY or event.closes_at <= at or not living.exists():
        return False
    event.take_in(person, at=at)
    event.appoint(person, Role.ORGANISER, by=person, at=at)
    event.let_go(event.owner, by=event.owner, at=at)
    living.update(launched_by=person)
    event.move(at + min(KEPT_FOR, longest_event_of(person.pk)), by=person, at=at)
    return True
