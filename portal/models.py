"""People."""

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


def random_username() -> str:
    """Make a name that nobody sees: people sign in with their mail address."""
    return uuid4().hex


def check_time_zone(name: str) -> None:
    """Raise ValidationError unless this is a zone of the tz database."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. An example of one is Europe/Berlin."), params={"name": name}
        )


class User(AbstractUser):
    """Somebody with an account."""

    username = models.CharField(max_length=150, unique=True, default=random_username, editable=False)
    time_zone = models.CharField(max_length=64, blank=True, validators=[check_time_zone])
    is_curator = models.BooleanField(
        default=False, help_text=_("May decide which apps are on the shelf, and nothing else behind the counter.")
    )
    language = models.CharField(max_length=12, default="en", choices=settings.LANGUAGES)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="one_account_per_mail_address",
                violation_error_message=_("There is an account with this mail address already."),
            )
        ]

    def __str__(self) -> str:
        return self.email or self.username

    @property
    def called(self) -> str:
        """How we speak to them: their name, else the part of their mail address before the @."""
        return super().get_full_name() or self.email.partition("@")[0] or self.username

    def get_full_name(self) -> str:
        """Django's word for the same."""
        return self.called

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone, else the house's."""
        return ZoneInfo(self.time_zone or settings.HOUSE_TIME_ZONE)


class Deed(models.Model):
    """What somebody did behind the counter. Rows are added, and never changed or taken away."""

    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    did = models.CharField(max_length=40)
    """A word of portal/audit.py, which also has its sentence."""
    about = models.CharField(max_length=200)
    told = models.CharField(max_length=400, blank=True)
    """Why, or what it is now."""

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["-at", "-id"], name="deed_newest_first")]

    def __str__(self) -> str:
        return f"{self.did} {self.about}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it for the first time. Raises ValueError later."""
        if self.pk is not None and not self._state.adding:
            raise ValueError("what was done stays done")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse. Raises ValueError."""
        raise ValueError("what was done stays done")


class Heartbeat(models.Model):
    """That the clock asked, and a worker heard."""

    program = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.program
