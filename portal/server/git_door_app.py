"""The git door with the rows behind it; served by a uvicorn of its own on GIT_DOOR_LISTEN."""

import os

import django
from asgiref.sync import sync_to_async

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.conf import settings
from django.db import close_old_connections
from django.utils.timezone import now

from catalog.sync import mirror_of
from portal.server.enrol_door import make_enrol_door
from portal.server.git_door import make_git_door
from provisioning.enrolment import MOST_BYTES, enrol
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


@sync_to_async
def take_host_key(key: str, word: str, line: bytes) -> bool:
    """Whether this was the first key of a machine that is being set up."""
    close_old_connections()
    return enrol(key, word, line, now())


_alone = settings.GIT_DOOR_FOR_US_ALONE
application = make_enrol_door(
    take_host_key, make_git_door(may_read, settings.MIRRORS, for_us_alone=_alone), MOST_BYTES, for_us_alone=_alone
)
