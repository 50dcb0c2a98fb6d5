"""Who takes part in an event, as what; and the codes by which people join."""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from provisioning.phases import Role

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""None of them is taken for another when it is read from a wall or said aloud."""
LENGTH = 6
"""Of 887 million codes; wrong ones are counted, so that nobody tries them all (portal/views/join.py)."""


class Membership(models.Model):
    """Somebody's part in an event."""

    event = models.ForeignKey("provisioning.Event", on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=11, choices=[(word.value, word.value) for word in Role])
    name = models.CharField(max_length=60, blank=True)
    """What they chose to be called here; empty: as everywhere."""
    since = models.DateTimeField()

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "person"], name="one_membership_per_event_and_person"),
            models.CheckConstraint(condition=Q(role__in=list(Role)), name="membership_role_is_known"),
        ]

    @property
    def called(self) -> str:
        """What others in the event know them by, never anything of their mail address; empty if they gave no name."""
        return self.name or f"{self.person.first_name} {self.person.last_name}".strip()

    @property
    def organises(self) -> bool:
        """They may do everything in the event."""
        return self.role == Role.ORGANISER


class JoiningCode(models.Model):
    """A code by which people join an event. The row stays, so that no code is ever another event's."""

    code = models.CharField(max_length=LENGTH, primary_key=True)
    event = models.ForeignKey("provisioning.Event", on_delete=models.CASCADE, related_name="codes")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event"], condition=Q(ended_at=None), name="one_good_code_per_event")
        ]

    def __str__(self) -> str:
        return f"{self.code[:3]}-{self.code[3:]}"

    def is_good(self, at: datetime) -> bool:
        """It lets people in. The event must have been read with it."""
        return self.ended_at is None and at < self.event.closes_at

    @staticmethod
    def read(typed: str) -> str:
        """What somebody has typed, in the form in which codes are kept: case, hyphens and spaces do not matter."""
        return "".join(letter for letter in typed.upper() if letter.isalnum())[: LENGTH + 1]


def new_code() -> str:
    """A code that was never any event's."""
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        if not JoiningCode.objects.filter(pk=code).exists():
            return code
