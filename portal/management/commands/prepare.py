"""What must be done in the database before a start; in one go, because each start of Django takes a second."""

import hashlib
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.timezone import now

from provisioning.models import local_network
from provisioning.reconciler.start import give_back_leases, look_at_what_was_restored


class Command(BaseCommand):
    """`manage.py prepare --door-file …`."""

    help = "Migrate, fill the starter catalog, make the place, the front door's configuration and the first admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What `up` knows."""
        parser.add_argument("--door-file", type=Path, required=True)
        parser.add_argument("--portal", required=True)

    def handle(self, *_: Any, **options: Any) -> None:
        """Every part is harmless when done again."""
        call_command("migrate", interactive=False, verbosity=0)
        if settings.BROKER_URL.startswith("folder:"):  # then all workers are on this computer, and `up` has ended them
            give_back_leases(now())
        look_at_what_was_restored(now())
        if settings.LAN_ADDRESS:
            with transaction.atomic():
                local_network.give_to_all(now())
        collect_static()
        call_command("place", "container" if settings.DOCKER_HOST else "memory")
        if "starter" in get_commands():
            call_command("starter")
        call_command("front_door", file=options["door_file"], portal=options["portal"])
        call_command("first_admin")


def collect_static() -> None:
    """Hash and pack the static files, which takes seconds, only if one of them changed."""
    root = Path(str(settings.STATIC_ROOT))
    if root.exists() and not os.access(root, os.W_OK):
        return  # an image, where it was done when it was built
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=str):
            seen.update(f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}\n".encode())
    stamp = root / ".collected"
    if not stamp.exists() or stamp.read_text() != seen.hexdigest():
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(seen.hexdigest())
