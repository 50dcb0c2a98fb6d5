"""People."""

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
