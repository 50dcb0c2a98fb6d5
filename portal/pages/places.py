"""Where a launch may go, as a person reads it: the place, its price a day, and whether there is room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.manifest import Manifest
from provisioning import prices
from provisioning.admission import has_room, load, places_for
from provisioning.models import Deployment, Event, Fabric

NOBODY = 0
"""A visitor, or a service that nobody in particular pays for."""
FULL = frozenset({"no-room", "no-room-there", "no-place", "the-cap-is-reached", "place-is-full", "place-away"})
"""What a launch may wait for at one place while another would have it."""


@dataclass(frozen=True)
class Offer:
    """One place for one launch."""

    place: Fabric
    hour: Decimal
    most: Decimal
    """What an hour costs where the usual kind of machine is used up."""
    per_day: str
    """Empty = nothing."""
    has_room: bool
    load: float

    @property
    def is_own(self) -> bool:
        """A person's own account: it goes there only if they choose it."""
        return self.place.owner_id is not None

    @property
    def price(self) -> str:
        """What a day costs, in words."""
        return _("%(price)s a day") % {"price": self.per_day} if self.per_day else _("no cost")

    def __str__(self) -> str:
        told = {"place": self.place.name, "price": self.price}
        return (_("%(place)s: %(price)s") if self.has_room else _("%(place)s: %(price)s, full at the moment")) % told


def offers(manifest: Manifest, who: int, *, at: datetime, until: datetime | None = None) -> Sequence[Offer]:
    """Every place that this app and this person (by number) may use, the best first: with room, of the house, cheap, empty."""
    ends = until or at + (manifest.lifetime.default or timedelta(days=7))
    found = [_offer(place, manifest, ends, at) for place in places_for(manifest, who=who, event=0)]
    return sorted(found, key=lambda one: (not one.has_room, one.is_own, one.hour, one.load, one.place.pk))


def allowed_in(event: Event | None, found: Sequence[Offer]) -> Sequence[Offer]:
    """Those that this event may use; a new event may use all."""
    only = set(event.places.values_list("pk", flat=True)) if event else set()
    return [offer for offer in found if not only or offer.place.pk in only]


def elsewhere(deployment: Deployment, viewer: int, at: datetime) -> Offer | None:
    """The best other place for one that finds no room where it waits. A person's own account only for that person."""
    who = deployment.launched_by_id or deployment.owner_id
    found = allowed_in(deployment.event, offers(deployment.manifest, who, at=at, until=deployment.expires_at))
    machine = deployment.machine()
    at_now = machine.fabric_id if machine and not machine.is_gone else deployment.place_id
    others = (one for one in found if one.has_room and one.place.pk != at_now)
    return next((one for one in others if one.place.owner_id in (None, viewer)), None)


def _offer(place: Fabric, manifest: Manifest, until: datetime, at: datetime) -> Offer:
    size = prices.size_of(manifest)
    hour = prices.per_hour(place, size)
    is_free = has_room(place, size.memory_mib) and not prices.goes_beyond(place, hour, until, at)
    most = prices.most_per_hour(place, size)
    return Offer(place, hour, most, prices.per_day_told(place, size), is_free, load(place))
