"""The press itself: how a deployment comes to be."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from catalog.models import Dataset, Release
from provisioning.models import local_network
from provisioning.models.address import new_address
from provisioning.models.archive import Archive
from provisioning.models.entry import Entry
from provisioning.models.event import Event
from provisioning.models.fabric import Fabric
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Happened, Kind, Wanted

if TYPE_CHECKING:
    from portal.models import User
    from provisioning.models.deployment import Deployment


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Launching, and finding what must end."""

    @transaction.atomic
    def launch(
        self,
        *,
        event: Event,
        release: Release,
        by: "User",
        form_token: str,
        at: datetime,
        title: str = "",
        values: dict[str, Any] | None = None,
        dataset: Dataset | None = None,
        expires_at: datetime | None = None,
        copy: Archive | None = None,
        place: Fabric | None = None,
        dearest: Decimal = Decimal(0),
    ) -> "Deployment":
        """Ask for a release to run until `expires_at` (default and at most: the event's end); a copy of it is put back.

        The same form token of the same person is the same deployment, however often it is sent. The event's end and owner
        are read anew, into what the caller has read: until the launch is written, nobody changes them.
        """
        now = Event.objects.select_for_update(no_key=True).values_list("closes_at", "owner_id")
        event.closes_at, event.owner_id = now.get(pk=event.pk)
        if before := self.filter(launched_by=by, form_token=form_token).first():
            return before
        title = title or release.app.name
        name = (copy and copy.address_for(event.owner)) or new_address(title, at).name
        deployment = self.create(
            name=name,
            port=local_network.reserve(at, name),
            title=title,
            owner=event.owner,
            launched_by=by,
            event=event,
            release=release,
            dataset=dataset or release.dataset,
            restored_from=copy,
            place=place,
            dearest=dearest,
            form_token=form_token,
            values=values or {},
            expires_at=min(expires_at or event.closes_at, event.closes_at),
            closes_at=event.closes_at,
            created_at=at,
            phase_at=at,
            due_at=at,
        )
        Entry.objects.write(deployment, Happened.WISH, by=by, at=at, cause="wish:up", wanted=Wanted.UP)
        nudge_on_commit(Kind.DEPLOYMENT, deployment.pk)
        return deployment

    def ending(self, at: datetime) -> "DeploymentQuerySet":
        """Those whose time is over and that were not asked to go yet."""
        return self.filter(wanted=Wanted.UP, expires_at__lte=at)
