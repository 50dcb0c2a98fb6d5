"""The git door with the rows behind it; served by a uvicorn of its own on GIT_DOOR_LISTEN."""

import os

import django
from asgiref.sync import sync_to_async

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.conf import settings
from django.db import close_old_connections

from catalog.sync import mirror_of
from portal.server.git_door import make_git_door
from provisioning.models import Machine
from provisioning.phases import Wanted


@sync_to_async
def may_read(bearer_sha256: str) -> frozenset[str]:
    """The mirrors of a living machine's service and content; nothing for anybody else."""
    close_old_connections()
    living = Machine.objects.filter(git_bearer_sha256=bearer_sha256, wanted=Wanted.UP)
    machine = living.select_related("release__app", "deployment__dataset").first()
    if machine is None:
        return frozenset()
    dataset = machine.deployment.dataset
    urls = [machine.release.app.url, *([dataset.url] if dataset else [])]
    return frozenset(mirror_of(url).folder.name for url in urls)


application = make_git_door(may_read, settings.MIRRORS, for_us_alone=settings.GIT_DOOR_FOR_US_ALONE)
