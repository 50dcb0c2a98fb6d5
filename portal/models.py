"""People."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


def random_username() -> str:
    """Make a name that nobody sees: people sign in with their mail address."""
    return uuid4().hex


def random_code() -> str:
    """Make a code that nobody guesses."""
    return secrets.token_urlsafe(12)


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
    language = models.CharField(max_length=12, blank=True, choices=settings.LANGUAGES)
    """Which they chose, or read in when they signed in for the first time; mails are written in it."""

    is_let_in = models.BooleanField(default=True)
    """An administrator has said yes, or nobody has to."""
    asked_at = models.DateTimeField(null=True, editable=False)
    """When the administrators were asked to let them in."""
    mails_off = models.JSONField(default=list, blank=True)
    """Letters that they do not want; of those in portal/forms.py that one may do without."""
    deleted_at = models.DateTimeField(null=True, editable=False)
    """Since when there is nobody behind this row."""

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
    def reads(self) -> str:
        """Their language, else the house's."""
        return self.language or settings.LANGUAGE_CODE

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone, else the house's."""
        return ZoneInfo(self.time_zone or settings.HOUSE_TIME_ZONE)


class Invitation(models.Model):
    """A link that lets some people make an account, until a day."""

    code = models.CharField(max_length=32, unique=True, default=random_code, editable=False)
    most = models.PositiveSmallIntegerField(default=1)
    used = models.PositiveSmallIntegerField(default=0, editable=False)
    until = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(used__lte=F("most")), name="invitation_is_for_so_many")]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def good(cls, code: str, at: datetime) -> "QuerySet[Invitation]":
        """The invitation with this code, if it still lets somebody in."""
        return cls.objects.filter(code=code, until__gt=at, used__lt=F("most"))

    @classmethod
    def use(cls, code: str, at: datetime) -> bool:
        """Count one more who has come with it. Return False if it lets nobody in any more."""
        return cls.good(code, at).update(used=F("used") + 1) == 1


class Token(models.Model):
    """A key with which programs do what its owner may do. The key itself is told once and not kept."""

    PREFIX = "fair_"
    """By which programs that look for leaked secrets know it."""
    SEEN_EVERY = timedelta(hours=1)

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    may_change = models.BooleanField(default=False)
    created_at = models.DateTimeField(editable=False)
    until = models.DateTimeField()
    used_at = models.DateTimeField(null=True, editable=False)
    """When it was used last, to the hour."""

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, owner: User, name: str, *, may_change: bool, until: datetime, at: datetime) -> str:
        """Make a token; return the key, which nobody can tell a second time."""
        secret = cls.PREFIX + secrets.token_urlsafe(30)
        cls.objects.create(
            owner=owner, name=name, digest=cls.digested(secret), may_change=may_change, until=until, created_at=at
        )
        return secret

    @classmethod
    def known(cls, secret: str, at: datetime) -> "Token | None":
        """The token with this key, if it still opens something; that it was used is noted once an hour."""
        found = cls.objects.select_related("owner").filter(digest=cls.digested(secret), until__gt=at).first()
        if found is None or not (found.owner.is_active and found.owner.is_let_in):
            return None
        if found.used_at is None or at - found.used_at >= cls.SEEN_EVERY:
            cls.objects.filter(pk=found.pk).update(used_at=at)
        return found

    @staticmethod
    def digested(secret: str) -> str:
        """What is kept of a key: 180 random bits need no slow fingerprint."""
        return hashlib.sha256(secret.encode()).hexdigest()


class Deed(models.Model):
    """What somebody did behind the counter. Rows are added, and never changed or taken away."""

    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    did = models.CharField(max_length=40)
    """A word of portal/desk/audit.py, which also has its sentence."""
    person = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    """Whom it was done to, if to somebody; their name stands nowhere else, and goes with them."""
    about = models.CharField(max_length=200, blank=True)
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
