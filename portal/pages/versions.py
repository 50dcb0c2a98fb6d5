"""Another version of its app, for a service that did not start in the one it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from catalog.manifest import complete
from catalog.models import Release
from portal.pages.places import NOBODY, Offer, allowed_in, offers
from provisioning.admission import share_of
from provisioning.errors import Blame
from provisioning.models import Deployment
from provisioning.prices import per_hour, size_of

LOOKED_AT = 20
"""The newest versions of an app; older ones are not gone back to."""


@dataclass(frozen=True)
class Version:
    """A version that a service can be set up in as it is: with its answers, and at no higher price."""

    release: Release
    is_newer: bool
    values: Mapping[str, Any]
    opened: int
    """How often it was put up here, and answered."""
    last: datetime | None

    @property
    def of(self) -> datetime:
        """When it was made."""
        return self.release.committed_at or self.release.taken_at


def another_version(deployment: Deployment, at: datetime) -> Version | None:
    """The best other one: one that was put up here before the untried, and then the newest. None where it would not help.

    What was ever open, or came from a copy, keeps its version: that has made what is in it.
    """
    if deployment.blame != Blame.APP or deployment.ready_at or deployment.restored_from_id:
        return None
    was_open = Q(deployments__ready_at__isnull=False)
    known = deployment.release.app.offered.exclude(pk=deployment.release_id).order_by("-pk")
    counted = known.annotate(opened=Count("deployments", filter=was_open), last=Max("deployments__ready_at"))
    best_first = sorted(counted[:LOOKED_AT], key=lambda one: (one.opened == 0, -one.pk))
    return next((one for one in (_version(release, deployment, at) for release in best_first) if one), None)


def _version(release: Any, deployment: Deployment, at: datetime) -> Version | None:
    """None if it asks what nobody has answered, or has nowhere to go."""
    params = release.manifest.params
    given = {param.id: deployment.values[param.id] for param in params if param.id in deployment.values}
    completed = complete(params, given)
    if completed.problems or not _finds_room(release, deployment, at):
        return None
    is_newer = release.pk > deployment.release_id
    return Version(release, is_newer, completed.values, release.opened, release.last)


def _finds_room(release: Release, deployment: Deployment, at: datetime) -> bool:
    """Whether there is a place for it that costs no more than what was shown before the press, be it full at the moment."""
    who = deployment.launched_by_id or deployment.owner_id or NOBODY
    found = allowed_in(deployment.event, offers(release.manifest, who, at=at, until=deployment.expires_at))
    fits = share_of(deployment.owner_id).could_ever_hold(release.manifest.install_memory_mib)
    return fits and any(_is_as_shown(offer, deployment) for offer in found)


def _is_as_shown(offer: Offer, deployment: Deployment) -> bool:
    if deployment.place is None:
        return not offer.is_own and offer.hour <= deployment.dearest
    return offer.place == deployment.place and offer.hour <= per_hour(offer.place, size_of(deployment.manifest))
