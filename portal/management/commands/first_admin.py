"""Makes the first administrator, if there is none, and prints name and password once."""

import secrets
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from portal.models import User

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


class Command(BaseCommand):
    """`manage.py first_admin`."""

    help = "Make the first administrator if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Their mail address."""
        parser.add_argument("--email", default="admin@localhost")

    @transaction.atomic
    def handle(self, *_: Any, **options: Any) -> None:
        """The password exists nowhere but on this screen; it can be replaced by a reset."""
        if User.objects.filter(is_superuser=True).exists():
            return
        password = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
        person = User.objects.create_superuser(email=options["email"], username="admin", password=password)
        EmailAddress.objects.create(user=person, email=options["email"], verified=True, primary=True)
        self.stdout.write(f"First administrator, shown only this once, for {settings.SITE_URL}:")
        self.stdout.write(f"    mail address  {options['email']}")
        self.stdout.write(f"    password      {password}")
