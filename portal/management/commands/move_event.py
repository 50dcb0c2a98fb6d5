"""Lets an event end at another time, for an administrator at the command line."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from provisioning.models import Event


class Command(BaseCommand):
    """`manage.py move_event KEY --seconds 3600`."""

    help = "Let an event, and all its services, end so many seconds from now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which event, and when."""
        parser.add_argument("key")
        parser.add_argument("--seconds", type=float, required=True)

    def handle(self, *_: Any, **options: Any) -> None:
        """Everybody is warned as usual, as far as there is time."""
        event = Event.objects.filter(key=options["key"]).first()
        if event is None:
            raise CommandError(f"There is no event {options['key']}.")
        now = timezone.now()
        if not event.move(now + timedelta(seconds=options["seconds"]), by=None, at=now):
            raise CommandError("An end must lie in the future.")
        self.stdout.write(f"{event} ends {event.closes_at.isoformat(timespec='seconds')}.")
