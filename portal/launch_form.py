"""The one form of a launch: for which event, and what the app asks. Made from the manifest; checked by `complete()`."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from catalog.manifest import Manifest, Param, complete
from portal.forms import DayField, DayInput, check_last_day
from portal.models import User
from portal.pages.places import Offer, allowed_in, offers
from portal.sentences import VALUES
from provisioning.models import Event, Fabric
from provisioning.models.house import longest_event_of

NEW = "new"
USUAL_LENGTH = timedelta(days=7)

WIDGETS: Mapping[str, Callable[[], forms.Widget]] = {
    "long-text": forms.Textarea,
    "integer": forms.NumberInput,
    "number": forms.NumberInput,
    "boolean": forms.CheckboxInput,
    "email": forms.EmailInput,
    "url": forms.URLInput,
    "git-url": forms.URLInput,
    "date": DayInput,
    "secret": partial(forms.PasswordInput, attrs={"autocomplete": "new-password"}),
    "file": forms.FileInput,
}


class ParamField(forms.Field):
    """What a person gives for a parameter. It checks nothing itself: `complete()` does."""

    is_asked = False
    """It needs an answer."""


def param_field(param: Param) -> ParamField:
    """Make the control for a parameter."""
    choices = [(choice, choice) for choice in param.choices]
    if param.type == "choice":
        widget: forms.Widget = forms.Select(choices=choices if param.default else [("", "-"), *choices])
    elif param.type == "choices":
        widget = forms.CheckboxSelectMultiple(choices=choices)
    elif param.type == "color":
        widget = forms.TextInput(attrs={"type": "color"})
    else:
        widget = WIDGETS.get(param.type, forms.TextInput)()
    if param.placeholder:
        widget.attrs["placeholder"] = param.placeholder
    made_up = _("Left empty, we make one up for you.") if param.generate else ""
    field = ParamField(label=param.label, widget=widget, initial=param.default, required=False)
    field.is_asked = param.needs_answer
    field.help_text = " ".join(str(part) for part in (param.help, made_up) if part)
    return field


class LaunchForm(forms.Form):
    """For which event, until when, and the app's questions: at most three to see, the rest folded."""

    form_token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput(attrs={"data-zone": ""}))
    event = forms.ChoiceField(label=_("For which event?"))
    event_name = forms.CharField(label=_("Event name"), max_length=80, required=False)
    last_day = DayField(label=_("Last day"), required=False)
    title = forms.CharField(label=_("Name of the service"), max_length=80, required=False)
    place = forms.ChoiceField(label=_("Where does it run?"), required=False)
    dearest = forms.DecimalField(required=False, min_value=0, widget=forms.HiddenInput)
    """What an hour costs at the place that is shown, so that nothing dearer is taken."""

    def __init__(self, manifest: Manifest, user: User, events: Sequence[Event], now: datetime, *args: Any) -> None:
        super().__init__(*args)
        self.manifest, self.user, self.events, self.now = manifest, user, events, now
        self.ends: datetime | None = None
        self.values: Mapping[str, Any] = {}
        new = (NEW, _("A new event"))
        self._field("event").choices = [*((event.key, event.name) for event in events), new]
        if not events:
            self.fields["event"].widget = forms.HiddenInput()
        for param in manifest.params:
            self.fields[f"p_{param.id}"] = param_field(param)
        self.initial = self._filled_in()
        self.offers = offers(manifest, user.pk, at=now)
        self.best = next(iter(self.offered()), None)
        self._offer_places()

    def _offer_places(self) -> None:
        """The best is chosen already; who chooses by name wants it there and nowhere else."""
        named = [(str(offer.place.pk), str(offer)) for offer in self.offers]
        first = [("", _now("%(offer)s (the best now)") % {"offer": self.best})] if self.best else []
        self._field("place").choices = [*([] if self.best and self.best.is_own else first or [("", "-")]), *named]
        if len(self.offers) < 2:
            self.fields["place"].widget = forms.HiddenInput()
        if self.best:
            self.initial["place"] = str(self.best.place.pk) if self.best.is_own else ""
            self.initial["dearest"] = self.best.most

    def offered(self) -> Sequence[Offer]:
        """The places for the event that is chosen, the best first."""
        return allowed_in(self._event(self["event"].value()), self.offers)

    def chooses_place(self) -> bool:
        """There is more than one."""
        return len(self.offers) > 1

    def _filled_in(self) -> dict[str, Any]:
        length = self.manifest.lifetime.default or USUAL_LENGTH
        last_day = (self.now + length).astimezone(self.user.zone).date()
        return {
            "event": self.events[0].key if self.events else NEW,
            "event_name": _now("%(name)s's event") % {"name": self.user.called},
            "last_day": last_day,
            "title": self.manifest.name,
        }

    def _field(self, name: str) -> Any:
        return self.fields[name]

    # --- for the template: bound fields in their places -------------------------------------------------------------

    def asked(self) -> list[forms.BoundField]:
        """The app's questions, three at most."""
        return [self[f"p_{param.id}"] for param in self.manifest.params if param.ask]

    def folded(self) -> list[forms.BoundField]:
        """What needs no answer: the service's name, and parameters with a default or a generator."""
        return [self["title"], *(self[f"p_{param.id}"] for param in self.manifest.params if not param.ask)]

    def is_folded_wrong(self) -> bool:
        """Something that is folded away needs a look."""
        return any(field.errors for field in self.folded())

    def payer(self) -> int:
        """From whose share it is taken: that of whoever answers for the event that is chosen, else one's own."""
        chosen = self._event(self["event"].value())
        return chosen.owner_id if chosen else self.user.pk

    def is_new_event(self) -> bool:
        """The event is to be made with the same press."""
        return bool(self["event"].value() == NEW)

    # --- checking ----------------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        """Check the new event's name and day, and hand the app's values to the catalog's own check."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("event") == NEW:
            self._check_event(cleaned)
        self._check_place(cleaned)
        self._check_values(cleaned)
        return cleaned

    def zone(self) -> ZoneInfo:
        """The new event's zone: the person's, else what the browser says, else the house's."""
        told = self.cleaned_data.get("time_zone", "")
        return ZoneInfo(told) if not self.user.time_zone and told in available_timezones() else self.user.zone

    def chosen_event(self) -> Event | None:
        """The event that was chosen; None = a new one."""
        return self._event(self.cleaned_data["event"])

    def chosen_place(self) -> Fabric | None:
        """The place that was chosen; None = the best of the house. Only for a valid form."""
        chosen = self.cleaned_data.get("place")
        return next((offer.place for offer in self.offers if str(offer.place.pk) == chosen), None)

    def _event(self, key: str) -> Event | None:
        return next((event for event in self.events if event.key == key), None)

    def _check_place(self, cleaned: Mapping[str, Any]) -> None:
        allowed = {str(offer.place.pk) for offer in allowed_in(self._event(cleaned.get("event", "")), self.offers)}
        if cleaned.get("place") and cleaned["place"] not in allowed:
            self.add_error("place", _now("This event does not use that place. Please choose another one."))

    def _check_event(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("event_name"):
            self.add_error("event_name", _now("Please give the event a name. Everything else you gave is still here."))
        day: date | None = cleaned.get("last_day")
        if day is None:
            if "last_day" not in self.errors:
                self.add_error("last_day", _now("Please say which day is the last. Nothing here runs for ever."))
            return
        try:
            longest = longest_event_of(self.user.pk)
            self.ends = check_last_day(day, self.zone(), longest, made=self.now, now=self.now)
        except forms.ValidationError as error:
            self.add_error("last_day", error)

    def _check_values(self, cleaned: Mapping[str, Any]) -> None:
        given = {param.id: _given(cleaned.get(f"p_{param.id}")) for param in self.manifest.params}
        completed = complete(self.manifest.params, given)
        for problem in completed.problems:
            sentence = problem.params.get("words") or str(VALUES[problem.code]) % _listed(problem.params)
            self.add_error(f"p_{problem.param}", sentence)
        self.values = completed.values


def _given(value: object) -> object:
    return base64.b64encode(value.read()).decode() if isinstance(value, UploadedFile) else value


def _listed(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in params.items()}
