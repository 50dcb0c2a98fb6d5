"""A person's own places: accounts at clouds, added with keys that nobody reads again, tried, capped, and taken away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.sentences import PROBLEMS
from provisioning import fabrics, prices
from provisioning.driver import Form, Option, Ownable
from provisioning.models import Entry, Fabric, Machine
from provisioning.phases import Happened, Phase
from provisioning.trying import last_trial, nothing

MOST = 5
WIDGETS: Mapping[str, type[forms.Widget]] = {Form.LINES: forms.Textarea, Form.SECRET: forms.PasswordInput}


def kinds() -> Sequence[str]:
    """Of which kinds one may add a place: those of which the house has one, whose other options it takes over."""
    prepared = set(Fabric.standing().filter(owner=None).values_list("kind", flat=True))
    return [name for name in fabrics.kinds() if name in prepared and isinstance(fabrics.kind(name), Ownable)]


def of(person: User) -> Sequence[Fabric]:
    """Those that they have."""
    return list(Fabric.standing().filter(owner=person).order_by("pk"))


class OwnPlaceForm(forms.Form):
    """What a person says about an account of theirs. What is secret is never shown again; left empty, it stays."""

    name = forms.CharField(label=_("What do you call it?"), max_length=40)

    def __init__(self, person: User, kind: str, place: Fabric | None, *args: Any) -> None:
        super().__init__(*args)
        self.person, self.kind, self.place = person, fabrics.kind(kind), place
        self.kind_name = kind
        assert isinstance(self.kind, Ownable)
        own = self.kind.OWN_OPTIONS
        # Tables, of sizes and prices say, are the house's: who prepares a kind for others fills them in once.
        self.options = [option for option in self.kind.OPTIONS if option.name in own and option.form != Form.TABLE]
        for option in self.options:
            self.fields[f"o_{option.name}"] = self._field_of(option)
        if place:
            del self.fields["name"]

    def policy(self) -> str:
        """The least that the account must allow."""
        assert isinstance(self.kind, Ownable)
        secret = {option.name for option in self.kind.OPTIONS if option.form == Form.SECRET}
        return self.kind.least_policy({name: value for name, value in self._base().items() if name not in secret})

    def save(self) -> Fabric:
        """Write it down. Only for a valid form."""
        options, secrets = self._given()
        if self.place is None:
            return Fabric.objects.create(
                name=self.cleaned_data["name"],
                kind=self.kind_name,
                owner=self.person,
                options={**self._base(), **options},
                secrets=secrets,
                most_machines=settings.SERVICES_PER_PERSON,
            )
        self.place.options, self.place.secrets = {**self.place.options, **options}, {**self.place.secrets, **secrets}
        self.place.save(update_fields=["options", "secrets"])
        return self.place

    def clean(self) -> dict[str, Any]:
        """Let the kind look at all options together."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.place is None and cleaned.get("name") in {place.name for place in of(self.person)}:
            self.add_error("name", _now("You have a place of this name. Please choose another one."))
        options, secrets = self._given()
        for told in self.kind.problems({**self._base(), **options, **secrets}):
            name, _colon, sentence = told.partition(": ")
            self.add_error(f"o_{name}" if f"o_{name}" in self.fields else None, _now(sentence or told))
        return cleaned

    def _given(self) -> tuple[dict[str, Any], dict[str, Any]]:
        given = {option: self.cleaned_data.get(f"o_{option.name}") or "" for option in self.options}
        secrets = {one.name: value for one, value in given.items() if one.form == Form.SECRET and value}
        options = {
            one.name: value for one, value in given.items() if one.form != Form.SECRET and not self._is_fixed(one)
        }
        return options, secrets

    def _base(self) -> dict[str, Any]:
        """What the person does not say: as it is, else as at the house's own place of this kind."""
        if self.place:
            return {**self.place.options, **self.place.secrets}
        house = Fabric.standing().filter(owner=None, kind=self.kind_name).order_by("pk").first()
        own = {option.name for option in self.options}
        taken = house.options if house else {}
        usual = {option.name: option.default for option in self.kind.OPTIONS if option.default}
        return usual | {name: value for name, value in taken.items() if name not in own}

    def _is_fixed(self, option: Option) -> bool:
        """Where machines are is said once."""
        return self.place is not None and option.needed

    def _field_of(self, option: Option) -> forms.Field:
        is_secret = option.form == Form.SECRET
        told = _now(option.help) if option.help else ""
        initial = self.place.options.get(option.name, "") if self.place else option.default
        shared: dict[str, Any] = {
            "label": _now(option.label),
            "required": option.needed and not is_secret and not self.place,
            "help_text": _now("Left empty, it stays as it is.") if is_secret and self.place else told,
            "initial": "" if is_secret else initial,
            "disabled": self._is_fixed(option),
        }
        if option.form == Form.CHOICE:
            return forms.ChoiceField(choices=[(value, _now(label)) for value, label in option.choices], **shared)
        if option.form == Form.NUMBER:
            return forms.IntegerField(**shared)
        return forms.CharField(widget=WIDGETS.get(option.form, forms.TextInput)(), max_length=4000, **shared)


class CapForm(forms.Form):
    """What may be spent in a month."""

    monthly_cap = forms.DecimalField(
        label=_("At most this much in a month"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_("Empty: no limit. A launch that would go beyond it waits and says so; what runs goes on."),
    )


@dataclass(frozen=True)
class Trial:
    """A trial as its page tells it."""

    machine: Machine
    steps: Sequence[tuple[str, str]]
    """Words, and done, now or later."""
    problem: str
    cost: str

    @property
    def is_over(self) -> bool:
        """Nothing is left of it."""
        return self.machine.phase == Phase.GONE

    @property
    def is_good(self) -> bool:
        """A machine was made, reached, and went."""
        return self.is_over and self.machine.ready_at is not None


def trial_of(place: Fabric, at: datetime) -> Trial | None:
    """The last one."""
    machine = last_trial(place)
    if machine is None:
        return None
    told = Entry.objects.filter(machine=machine).order_by("at", "pk")
    known = list(told.values_list("happened", "told"))
    done = {one["step"] for happened, one in known if happened == Happened.STEP}
    codes = [one["code"] for happened, one in known if happened == Happened.PROBLEM]
    cost = prices.told(prices.spent([machine], at), prices.currency(place))
    problem = PROBLEMS.get(codes[-1], PROBLEMS["our-mistake"]) if codes and not machine.ready_at else ""
    return Trial(machine, _steps(machine, done), str(problem) % {"title": place.name, **_params(known)}, cost)


def _params(known: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    told = [one.get("params", {}) for happened, one in known if happened == Happened.PROBLEM]
    return told[-1] if told else {}


def _steps(machine: Machine, done: set[str]) -> Sequence[tuple[str, str]]:
    is_gone = machine.phase == Phase.GONE
    lines = [
        (_now("The smallest machine is made"), "allocate" in done),
        (_now("It is reached"), "reach" in done),
        (_now("It is ended"), "remove" in done or is_gone),
        (_now("Nothing of it is left"), is_gone),
    ]
    stands, told = "now", []
    for words, is_done in lines:
        state = "done" if is_done else "later" if is_gone else stands
        told.append((words, state))
        stands = stands if is_done else "later"
    return told


@dataclass(frozen=True)
class OwnPlace:
    """One's own place as its page shows it."""

    place: Fabric
    machines: Sequence[Machine]
    """Those that are there, by our rows; a trial is one of them."""
    strays: Sequence[str]
    """Keys of those that the place names and we do not know."""
    spent: str
    cap: str
    smallest: str
    """What a day of the smallest machine costs."""
    trial: Trial | None


def seen(place: Fabric, at: datetime) -> OwnPlace:
    """Read what the page shows."""
    living = Machine.objects.filter(fabric=place).exclude(phase=Phase.GONE)
    begins, _ends = prices.month_of(at)
    unit = prices.currency(place)
    return OwnPlace(
        place=place,
        machines=list(living.select_related("deployment__event").order_by("pk")),
        strays=list(place.strays.filter(gone_at=None).order_by("key").values_list("key", flat=True)),
        spent=prices.told(prices.spent(prices.of_month(place, at), at, begins), unit),
        cap=f"{place.monthly_cap} {unit}" if place.monthly_cap is not None else "",
        smallest=prices.per_day_told(place, prices.size_of(nothing())),
        trial=trial_of(place, at),
    )
