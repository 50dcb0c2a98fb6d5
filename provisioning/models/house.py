"""What the people who run this house have decided, in one row; and what single persons were allowed beyond it."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from provisioning.models.fields import SealedText


class SignUp(models.TextChoices):
    """Who may make an account."""

    BY_PLACE = "", _("Anybody while only this computer can see the portal; by invitation elsewhere")
    OPEN = "open", _("Anybody")
    INVITATION = "invitation", _("Whoever has an invitation")
    DOMAIN = "domain", _("Whoever has a mail address of ours")
    APPROVAL = "approval", _("Anybody, once an administrator has let them in")
    CLOSED = "closed", _("Nobody")


class House(models.Model):
    """Exactly one row, or none: then everything is as usual. An empty limit means the one from the settings."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=60, default="Fairground")
    contact = models.CharField(max_length=200, blank=True)
    """Whom to ask, in words or as a mail address; shown to everybody."""
    language = models.CharField(max_length=12, blank=True, choices=settings.LANGUAGES)
    """The one language of all pages and mails. Empty: each reader's own."""
    sign_up = models.CharField(max_length=10, choices=SignUp.choices, blank=True, default="")
    mail_domains = models.CharField(max_length=400, blank=True)
    """Of the mail addresses that may make an account, with spaces between them."""
    counter_second_step = models.BooleanField(default=False)
    """The rooms behind the counter open only to those who have shown a passkey or a code, too."""
    trials_at_once = models.PositiveSmallIntegerField(null=True, blank=True)
    """How many people without an account may each try one app for an hour. Empty: nobody."""
    mails_kept_days = models.PositiveSmallIntegerField(default=30)
    logs_kept_days = models.PositiveSmallIntegerField(default=90)
    hook_address = models.CharField(max_length=400, blank=True)
    """Another program of the house that is told of every machine, made and gone. Empty: nobody."""
    hook_key = SealedText(blank=True)
    """With which what it is told is signed."""
    names_kept_days = models.PositiveSmallIntegerField(default=365)
    """For how long it is known who asked for something."""
    copies_kept_days = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    nightly_copies = models.PositiveSmallIntegerField(default=3)
    """How many copies of its last nights a service keeps while it runs; 0: none are made."""
    copies_each = models.PositiveSmallIntegerField(null=True, blank=True)
    copies_each_mib = models.PositiveIntegerField(null=True, blank=True)
    """Of the copies that one person has asked for."""
    longest_event_days = models.PositiveSmallIntegerField(null=True, blank=True)
    services_each = models.PositiveSmallIntegerField(null=True, blank=True)
    memory_each_mib = models.PositiveIntegerField(null=True, blank=True)
    """Empty: as much as there is."""

    class Meta:
        verbose_name_plural = "house"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="house_is_one_row")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def here(cls) -> "House":
        """The row, or one with what is usual, not saved."""
        return cls.objects.filter(pk=1).first() or cls()

    @property
    def who_may_sign_up(self) -> SignUp:
        """What was chosen; else open where only this computer sees the portal, and by invitation elsewhere."""
        return SignUp(self.sign_up) or (SignUp.OPEN if settings.IS_LOOPBACK else SignUp.INVITATION)

    @property
    def domains(self) -> list[str]:
        """The mail domains, in small letters, without an @."""
        return [domain.lstrip("@") for domain in self.mail_domains.lower().replace(",", " ").split()]

    @property
    def longest_event(self) -> timedelta:
        """No event lasts longer, whoever's it is."""
        return timedelta(days=self.longest_event_days) if self.longest_event_days else settings.LONGEST_EVENT

    @property
    def copies_kept(self) -> timedelta:
        """For how long a new copy is kept."""
        return timedelta(days=self.copies_kept_days) if self.copies_kept_days else settings.COPIES_KEPT


def longest_event_of(person: int) -> timedelta:
    """How long an event of this person may last: their own allowance, but never longer than the house allows."""
    own = Allowance.objects.filter(person=person).values_list("longest_event_days", flat=True).first()
    longest = House.here().longest_event
    return min(longest, timedelta(days=own)) if own else longest


@dataclass(frozen=True)
class CopiesEach:
    """How many copies one person may have asked for, and how large all of them may be, in bytes."""

    number: int
    size: int


def copies_of_each(person: int) -> CopiesEach:
    """This person's own allowance; else what the house says; else what the settings say."""
    house, own = House.here(), Allowance.objects.filter(person=person).first()
    numbers = (own.copies if own else None, house.copies_each, settings.COPIES_EACH)
    sizes = (own.copies_mib if own else None, house.copies_each_mib, settings.COPIES_EACH_MIB)
    return CopiesEach(_first(*numbers), _first(*sizes) << 20)


def _first(*given: int | None) -> int:
    return next(number for number in given if number is not None)


class Allowance(models.Model):
    """What one person may use at once. What is empty is as it is for everybody."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="allowance"
    )
    services = models.PositiveSmallIntegerField(null=True, blank=True)
    memory_mib = models.PositiveIntegerField(null=True, blank=True)
    longest_event_days = models.PositiveSmallIntegerField(null=True, blank=True)
    copies = models.PositiveSmallIntegerField(null=True, blank=True)
    copies_mib = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.person)
