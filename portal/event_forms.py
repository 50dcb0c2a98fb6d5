"""What is asked about an event: its name and last day, when it opens, who may put up services."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.forms import DayField, check_last_day
from portal.models import User
from provisioning.models import Event, Fabric
from provisioning.models.house import longest_event_of

MORNING = time(9, 0)


class TimeInput(forms.TimeInput):
    """A time of day, with the browser's own clock."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%H:%M")


class PlanForm(forms.Form):
    """When it opens, and whether participants may put up services."""

    opens_day = DayField(
        label=_("Opens on"),
        required=False,
        help_text=_("Empty: at once. Visitors are told before; you can set everything up and try it."),
    )
    opens_time = forms.TimeField(label=_("Opens at"), widget=TimeInput, required=False, initial=MORNING)
    all_launch = forms.BooleanField(label=_("Participants may put up services too"), required=False)
    known_day: date | None = None
    """On which it opens, or has opened, already; it may stay so."""

    def __init__(self, zone: ZoneInfo, now: datetime, ends: datetime | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now, self.ends = zone, now, ends

    @classmethod
    def of(cls, event: Event, now: datetime, *args: Any) -> "PlanForm":
        """As it is now."""
        opens = event.opens_at.astimezone(event.tzinfo)
        plan = {"opens_day": opens.date(), "opens_time": opens.time()} if now < opens else {}
        form = cls(event.tzinfo, now, event.closes_at, *args, initial=plan | {"all_launch": event.all_launch})
        form.known_day = opens.date()
        return form

    def opens_at(self, otherwise: datetime) -> datetime:
        """The moment that was chosen. Only for a valid form."""
        day, hour = self.cleaned_data.get("opens_day"), self.cleaned_data.get("opens_time") or MORNING
        return datetime.combine(day, hour, tzinfo=self.zone) if day else otherwise

    def clean(self) -> dict[str, Any]:
        """It opens on a day that is not over, and before it ends."""
        cleaned: dict[str, Any] = super().clean() or {}
        day = cleaned.get("opens_day")
        if day and day != self.known_day and day < self.now.astimezone(self.zone).date():
            self.add_error("opens_day", _now("That day is over. Please choose today or a later day."))
        elif self.ends and self.opens_at(self.now) >= self.ends:
            self.add_error("opens_day", _now("That is after its end. Please choose an earlier day."))
        return cleaned


class PlacesForm(forms.Form):
    """Where an event's services may run."""

    places = forms.MultipleChoiceField(
        label=_("Its services run only at"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: wherever whoever puts them up may. What runs already stays where it is."),
    )

    def __init__(self, places: Sequence[Fabric], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = places
        self.fields["places"].choices = [(str(place.pk), place.name) for place in places]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, event: Event, *given: Any) -> "PlacesForm":
        """As it is now: the open places of the house and of its owner, and those that it keeps to already."""
        chosen = set(event.places.values_list("pk", flat=True))
        theirs = Q(is_open=True) & (Q(owner=None) | Q(owner=event.owner_id))
        known = Fabric.standing().filter(theirs | Q(pk__in=chosen)).order_by("pk")
        return cls(list(known), *given, initial={"places": [str(pk) for pk in chosen]})

    def is_a_choice(self) -> bool:
        """There is more than one."""
        return len(self.known) > 1

    def chosen(self) -> Sequence[Fabric]:
        """Those that are ticked. Only for a valid form."""
        return [place for place in self.known if str(place.pk) in self.cleaned_data["places"]]


class EventForm(PlanForm):
    """A new event: its name and last day, and what else there may be to say."""

    name = forms.CharField(label=_("Event name"), max_length=80)
    last_day = DayField(label=_("Last day"))
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput(attrs={"data-zone": ""}))

    def __init__(self, person: User, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(person.zone, now, None, *args, **kwargs)
        self.person = person

    def clean(self) -> dict[str, Any]:
        """The days are days of the person's zone; of the browser's, if they have told none."""
        told = self.cleaned_data.get("time_zone", "")
        if not self.person.time_zone and told in available_timezones():
            self.zone = ZoneInfo(told)
        if day := self.cleaned_data.get("last_day"):
            longest = longest_event_of(self.person.pk)
            try:
                self.ends = check_last_day(day, self.zone, longest, made=self.now, now=self.now)
            except forms.ValidationError as error:
                self.add_error("last_day", error)
        return super().clean()

    def make(self) -> Event:
        """Make it. Only for a valid form."""
        assert self.ends is not None  # a valid form has its end
        if not self.person.time_zone:
            self.person.time_zone = self.zone.key
            self.person.save(update_fields=["time_zone"])
        return Event.objects.create(
            name=self.cleaned_data["name"],
            owner=self.person,
            zone=self.zone.key,
            opens_at=self.opens_at(self.now),
            closes_at=self.ends,
            created_at=self.now,
            all_launch=self.cleaned_data["all_launch"],
        )
