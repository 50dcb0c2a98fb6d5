"""What administrators fill in: the rules of the house, invitations, and what one person may use at once."""

from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.forms import DayField, end_of
from portal.hook.address import problem_with
from provisioning.models import Allowance, House, SignUp

LEAST_KEY = 16


class HouseForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The rules of the house."""

    class Meta:
        model = House
        fields: ClassVar = [
            "name", "contact", "language", "sign_up", "mail_domains", "counter_second_step", "services_each",
            "memory_each_mib", "longest_event_days", "trials_at_once",
            "nightly_copies", "copies_each", "copies_each_mib", "copies_kept_days",
            "mails_kept_days", "logs_kept_days", "names_kept_days", "hook_address", "hook_key",
        ]  # fmt: skip
        labels: ClassVar = {
            "name": _("Name of the house"),
            "contact": _("Whom people may ask"),
            "language": _("One language for all pages and mails"),
            "sign_up": _("Who may make an account"),
            "mail_domains": _("Mail addresses of ours end with"),
            "counter_second_step": _("Behind the counter a password alone is not enough"),
            "services_each": _("Services at once, for each person"),
            "memory_each_mib": _("Memory at once, for each person, in MB"),
            "longest_event_days": _("Longest event, in days"),
            "trials_at_once": _("People without an account who may try an app for an hour, at once"),
            "nightly_copies": _("Copies of its last nights, for each service that runs"),
            "copies_each": _("Copies that one person may have asked for"),
            "copies_each_mib": _("Size of all of them, in MB"),
            "copies_kept_days": _("Copies are kept for, in days"),
            "mails_kept_days": _("Mails are kept for, in days"),
            "logs_kept_days": _("What programs said is kept for, in days"),
            "names_kept_days": _("Who asked for something is known for, in days"),
            "hook_address": _("Address of a program that is told of every machine, made and gone"),
            "hook_key": _("Key with which that is signed"),
        }
        help_texts: ClassVar = {
            "contact": _("A name, a room, a mail address: shown to whoever cannot go on alone."),
            "language": _("Empty: each reader's own, as the browser asks and the switch at the foot says."),
            "mail_domains": _("For example: school.example, board.school.example"),
            "counter_second_step": _("Whoever has no passkey and no codes yet is asked to add one first, you too."),
            "services_each": _("Empty: %(n)d."),
            "memory_each_mib": _("Empty: as much as there is."),
            "trials_at_once": _("Empty: nobody."),
            "nightly_copies": _("0: none are made. The copy at the end is always made."),
            "copies_each": _("Empty: %(n)d. 0: nobody may ask for one. When there is a newer one, the oldest goes."),
            "copies_each_mib": _("Empty: %(n)d."),
            "copies_kept_days": _("Empty: %(n)d. Copies that exist are kept for as long as was promised."),
            "longest_event_days": _("Empty: %(n)d. Events that last longer already are left alone."),
            "hook_address": _("For a monitor or a register of machines. Empty: nobody is told."),
            "hook_key": _(
                "At least 16 characters, known to that program too. It is never shown again; empty: as it is."
            ),
        }
        widgets: ClassVar = {"hook_key": forms.PasswordInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, usual in _usually().items():
            self.fields[name].help_text %= {"n": usual}

    def clean(self) -> dict[str, Any]:
        """Somebody must be able to come in by mail address if that is the rule."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("sign_up") == SignUp.DOMAIN and not cleaned.get("mail_domains"):
            self.add_error("mail_domains", _now("Please say how those mail addresses end."))
        if cleaned.get("hook_address") and not cleaned.get("hook_key") and "hook_key" not in self.errors:
            self.add_error("hook_key", _now("Please choose a key, so that the other program knows who tells it."))
        return cleaned

    def clean_hook_address(self) -> str:
        """Demand https, unless an administrator of this computer trusts it by name."""
        address = str(self.cleaned_data["hook_address"])
        match problem_with(address) if address else "":
            case "":
                return address
            case "not-https":
                raise forms.ValidationError(_now("It must begin with https://, unless HOOK_TRUSTED allows it."))
            case _:
                raise forms.ValidationError(_now("That is no address as https://host/path."))

    def clean_hook_key(self) -> str:
        """Keep the one that is known where none is given."""
        key = str(self.cleaned_data["hook_key"] or self.instance.hook_key)
        if key and len(key) < LEAST_KEY:
            raise forms.ValidationError(_now("That is too short to be safe."))
        return key


def _usually() -> dict[str, int]:
    """What an empty field means: the number from the settings."""
    return {
        "services_each": settings.SERVICES_PER_PERSON,
        "copies_each": settings.COPIES_EACH,
        "copies_each_mib": settings.COPIES_EACH_MIB,
        "copies_kept_days": settings.COPIES_KEPT.days,
        "longest_event_days": settings.LONGEST_EVENT.days,
    }


class InviteForm(forms.Form):
    """A link for some people, until a day."""

    most = forms.IntegerField(label=_("For how many people?"), min_value=1, max_value=1000, initial=1)
    last_day = DayField(label=_("Last day"))

    def __init__(self, zone: ZoneInfo, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now

    def clean_last_day(self) -> date:
        """Demand a day that is not over."""
        day: date = self.cleaned_data["last_day"]
        self.until = end_of(day, self.zone)
        if self.until <= self.now:
            raise forms.ValidationError(_now("That day is over. Please choose today or a later day."))
        return day


class AllowanceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What one person may use at once."""

    class Meta:
        model = Allowance
        fields: ClassVar = ["services", "memory_mib", "longest_event_days", "copies", "copies_mib"]
        labels: ClassVar = {
            "services": _("Services at once"),
            "memory_mib": _("Memory at once, in MB"),
            "longest_event_days": _("Longest event, in days"),
            "copies": _("Copies that were asked for"),
            "copies_mib": _("Size of all of them, in MB"),
        }
        help_texts: ClassVar = {
            name: _("Empty: as for everybody.") for name in ("services", "memory_mib", "copies", "copies_mib")
        } | {"longest_event_days": _("Empty: as for everybody. Never longer than the house allows.")}
