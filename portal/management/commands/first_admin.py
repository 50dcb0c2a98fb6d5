"""Makes the first administrator, or a new password for one, and prints it once."""

import secrets
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from portal.models import User

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
FIRST = "admin@localhost"


class Command(BaseCommand):
    """`manage.py first_admin [--again] [--email …]`."""

    help = "Make the first administrator if there is none; --again: and give an administrator a new password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom."""
        parser.add_argument("--email", default="", help="of whom; without it, of the first administrator")
        parser.add_argument("--again", action="store_true", help="a new password, even if there is an administrator")

    @transaction.atomic
    def handle(self, *_: Any, **options: Any) -> None:
        """The password exists nowhere but on this screen; it can be replaced by a reset. Old sessions end with it.

        So do passkeys and codes: whoever types this at the machine itself may have lost them.
        """
        admins = User.objects.filter(is_superuser=True).order_by("pk")
        if admins.exists() and not options["again"]:
            return
        email = options["email"]
        person = User.objects.filter(email__iexact=email).first() if email else admins.first()
        if person is None:
            person = self._make(email or FIRST)
        elif not person.is_superuser:
            self.stdout.write(f"{person.email} was a person here, and is an administrator from now on.")
        password = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
        person.is_superuser = person.is_staff = person.is_active = True
        person.set_password(password)
        person.save(update_fields=["is_superuser", "is_staff", "is_active", "password"])
        if Authenticator.objects.filter(user=person).delete()[0]:
            self.stdout.write("Passkeys and codes of this account let nobody in any more.")
        what = "New password" if options["again"] else "First administrator"
        self.stdout.write(f"{what}, shown only this once, for {settings.SITE_URL}:")
        self.stdout.write(f"    mail address  {person.email}")
        self.stdout.write(f"    password      {password}")

    def _make(self, email: str) -> User:
        name = "admin" if not User.objects.filter(username="admin").exists() else email
        person = User.objects.create_superuser(email=email, username=name, password=None)
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        return person
