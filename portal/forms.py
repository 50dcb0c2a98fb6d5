"""What people fill in about themselves and about their events."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.socialaccount.forms import SignupForm as SocialSignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal import house
from portal.models import User
from portal.people import joining
from portal.times import exact
from provisioning.models import Event
from provisioning.models.house import longest_event_of

LAST_MINUTE = time(23, 59)
"""A last day is used to its end."""
SHORTEST = timedelta(minutes=15)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a last day is over, in the event's zone."""
    return datetime.combine(day, LAST_MINUTE, tzinfo=zone)


def check_last_day(day: date, zone: ZoneInfo, longest: timedelta, *, made: datetime, now: datetime) -> datetime:
    """Return the moment this last day ends at. Raises ValidationError if that is too soon, or later than is allowed.

    `made`: when the event was. Its services run before it opens, and its opening may be moved.
    """
    ends = end_of(day, zone)
    if ends < now + SHORTEST:
        raise forms.ValidationError(_now("That day is over. Please choose today or a later day."))
    latest = (made + longest).astimezone(zone).date()
    if day > latest:
        told = {"day": date_format(latest, _now("j F Y")), "days": longest.days}
        raise forms.ValidationError(
            _now("The latest last day is %(day)s: an event lasts at most %(days)d days from the day it is made.") % told
        )
    return ends


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day that is one in every time zone: neither in the first year that there is nor in the last."""

    widget = DayInput

    def validate(self, value: date | None) -> None:
        """Refuse a day whose hours could not be told elsewhere."""
        super().validate(value)
        if value and not date.min.year < value.year < date.max.year:
            raise forms.ValidationError(_now("That is too far away. Please choose a nearer day."))


class NewcomerForm(allauth_forms.BaseSignupForm):  # type: ignore[misc]  # allauth is untyped
    """What everybody tells who makes an account; the name is a courtesy, the zone is told by the browser."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.CharField(widget=forms.HiddenInput(attrs={"data-zone": ""}), max_length=64, required=False)
    field_order: ClassVar = ["email", "password1", "name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Mail address")
        self.fields["name"].initial = joining.chosen_name(get_adapter().request)

    def clean_email(self) -> str:
        """Take only addresses that may make an account here."""
        email: str = super().clean_email()
        get_adapter().check_domain(email)
        return email

    def clean_time_zone(self) -> str:
        """Take only zones that exist; a browser's odd answer is no reason to stop anybody."""
        zone: str = self.cleaned_data["time_zone"]
        return zone if zone in available_timezones() else ""

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Write down what allauth does not know of."""
        user.first_name = self.cleaned_data["name"]
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["first_name", "time_zone"])


class SignupForm(NewcomerForm, allauth_forms.SignupForm):  # type: ignore[misc]  # allauth is untyped
    """A mail address and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _("At least 10 characters, and not what everybody uses.")


class ElsewhereSignupForm(NewcomerForm, SocialSignupForm):  # type: ignore[misc]  # allauth is untyped
    """A mail address, where the account elsewhere tells none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = self.fields["name"].initial or self.sociallogin.user.get_full_name()


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth is untyped
    """A mail address and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Mail address")
        self.fields["password"].help_text = ""


class MeForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What one may change about oneself."""

    language = forms.ChoiceField(label=_("Language of pages and mails"), choices=settings.LANGUAGES, required=False)

    class Meta:
        model = User
        fields: ClassVar = ["first_name", "language", "time_zone"]
        labels: ClassVar = {"first_name": _("What should we call you?"), "time_zone": _("Your time zone")}
        help_texts: ClassVar = {"time_zone": _("New events keep their times in this zone. An example: Europe/Berlin")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["language"] = self.instance.language or get_language()
        if house.language():
            del self.fields["language"]

    def clean_language(self) -> str:
        """Take no answer as no change."""
        chosen: str = self.cleaned_data["language"] or self.instance.language
        return chosen


MAY_BE_OFF: Mapping[str, Any] = {
    "ready": _("When a service of mine is ready, and I was not looking"),
    "failed": _("When a service of mine did not start, and I was not looking"),
    "silent": _("When a service of mine stops answering"),
}
"""Letters that one may do without. What concerns an end, a copy or one's account is always told."""


class MailsForm(forms.Form):
    """Which mails somebody wants."""

    wanted = forms.MultipleChoiceField(
        label=_("Write to me"),
        choices=list(MAY_BE_OFF.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Before an event ends, and about your copies, we always write."),
    )

    @classmethod
    def of(cls, person: User) -> "MailsForm":
        """As it is now."""
        return cls(initial={"wanted": [name for name in MAY_BE_OFF if name not in person.mails_off]})

    def off(self) -> list[str]:
        """Those that are not wanted."""
        return [name for name in MAY_BE_OFF if name not in self.cleaned_data["wanted"]]


class LeaveForm(forms.Form):
    """That somebody means it."""

    email = forms.EmailField(label=_("Type your mail address, so that this does not happen by mistake"))

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_email(self) -> str:
        """Demand their own."""
        email: str = self.cleaned_data["email"]
        if email.lower() != self.person.email.lower():
            raise forms.ValidationError(_now("That is not the mail address you sign in with. Nothing was deleted."))
        return email


class ExtendForm(forms.Form):
    """A later (or earlier) last day for an event."""

    last_day = DayField(label=_("Last day"))

    def __init__(self, event: Event, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event, self.now = event, now

    def clean_last_day(self) -> date:
        """Demand a day on which the event can end."""
        day: date = self.cleaned_data["last_day"]
        longest = longest_event_of(self.event.owner_id)
        self.ends = check_last_day(day, self.event.tzinfo, longest, made=self.event.created_at, now=self.now)
        if self.ends <= self.event.opens_at:
            told = {"opens": exact(self.event.opens_at, self.event.tzinfo)}
            raise forms.ValidationError(
                _now("It opens only on %(opens)s, and cannot end before that. Please choose a later day.") % told
            )
        return day
