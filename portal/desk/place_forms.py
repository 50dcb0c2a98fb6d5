"""What an admin fills in about a place: its limits, and what its kind asks for, as the kind itself declares it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from cryptography.fernet import InvalidToken
from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.desk.ground import SLOTS
from provisioning.driver import Form, Option
from provisioning.models import Fabric
from provisioning.models.fields import fernet

Row = Mapping[str, Any]
TYPED_FOR = 3600
"""Seconds for which what was typed into a secret field survives a page that is shown again."""


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What is asked about every place."""

    price_per_day = forms.CharField(
        label=_("Price of a machine for a day"),
        max_length=30,
        required=False,
        help_text=_(
            "As people read it before they press, for example 0.40 €. Empty: nothing, or what its own table says."
        ),
    )

    class Meta:
        model = Fabric
        fields: ClassVar = ["name", "most_machines", "most_memory_mib", "monthly_cap", "groups"]
        labels: ClassVar = {
            "name": _("Name of the place"),
            "most_machines": _("Machines at once, at most"),
            "most_memory_mib": _("Memory of all of them, in MB, at most"),
            "monthly_cap": _("What may be spent here in a month"),
            "groups": _("Who may use it"),
        }
        help_texts: ClassVar = {
            "name": _("People read it where they choose: a room, a cupboard, a cloud."),
            "most_memory_mib": _("0: not counted."),
            "monthly_cap": _("Empty: as much as it comes to. A launch that would go beyond it waits."),
            "groups": _("Nobody ticked: everybody."),
        }
        widgets: ClassVar = {"groups": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price_per_day"].initial = self.instance.options.get("price_per_day", "")
        if not self.fields["groups"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["groups"]

    def clean_name(self) -> str:
        """Two places of the house are told apart by their names."""
        name: str = self.cleaned_data["name"]
        if Fabric.objects.filter(name=name, owner=None).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_now("There is a place of that name already."))
        return name

    def clean_most_machines(self) -> int:
        """A place has no more numbers for machines than it was given."""
        most: int = self.cleaned_data["most_machines"]
        numbers = self.instance.slots if self.instance.pk else SLOTS
        if most > numbers:
            raise forms.ValidationError(_now("A place holds %(most)s machines at most.") % {"most": numbers})
        return most


class SealedTextarea(forms.Textarea):
    """A secret. What is kept is never shown; what was just typed travels encrypted while the page is shown again."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """An empty field, and beside it what was typed."""
        field = super().render(name, "", attrs, renderer)
        return (
            format_html('{}<input type="hidden" name="{}-sealed" value="{}">', field, name, value) if value else field
        )

    def value_from_datadict(self, data: Any, _files: Any, name: str) -> str:
        """What was typed, now or before, encrypted."""
        typed = str(data.get(name) or "").replace("\r\n", "\n").strip()
        return fernet().encrypt(typed.encode()).decode() if typed else str(data.get(f"{name}-sealed") or "")


class SealedField(forms.CharField):
    """Reads what its field has sealed; "" = nothing was typed."""

    widget = SealedTextarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"})

    def clean(self, value: Any) -> str:
        """Open it."""
        try:
            typed = fernet().decrypt(value, ttl=TYPED_FOR).decode() if value else ""
        except InvalidToken as error:
            raise forms.ValidationError(_now("That was too long ago. Please type it again.")) from error
        return str(super().clean(typed + "\n" * ("\n" in typed)))

    def to_python(self, value: Any) -> str:
        """Keep the last line's end: keys are files."""
        return str(value or "")


class LinesField(forms.CharField):
    """Texts, one in a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """As it is shown."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Those that are not empty."""
        return [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]


class NumberField(forms.DecimalField):
    """A number as JSON keeps it."""

    def clean(self, value: Any) -> Any:
        """A whole one as such, another as text."""
        number: Decimal | None = super().clean(value)
        if number is None:
            return ""
        return int(number) if number == number.to_integral() else str(number)


def field_of(option: Option, *, kept: bool = False) -> forms.Field:
    """The field that an option is filled in with."""
    said: dict[str, Any] = {
        "label": _now(option.label),
        "help_text": _now(option.help) if option.help else "",
        "required": option.needed and not kept,
    }
    match option.form:
        case Form.NUMBER:
            return NumberField(min_value=0, initial=option.default, **said)
        case Form.CHOICE:
            choices = [(value, _now(label) if label else value) for value, label in option.choices]
            return forms.ChoiceField(choices=choices, initial=option.default, **said)
        case Form.LINES:
            return LinesField(initial=option.default, **said)
        case Form.SECRET:
            stays = _now("It is kept, and never shown again. Leave this empty to keep it.")
            return SealedField(
                **said | {"help_text": f"{said['help_text']} {stays}".strip() if kept else said["help_text"]}
            )
    return forms.CharField(initial=option.default, max_length=2000, **said)


class OptionsForm(forms.Form):
    """All options of a kind that are no tables."""

    def __init__(
        self, options: Sequence[Option], place: Fabric, data: Row | None = None, *, typed: Row | None = None
    ) -> None:
        super().__init__(data, prefix="option", initial={**place.options, **(typed or {})})
        self.kept = [option.name for option in options if option.form == Form.SECRET and option.name in place.secrets]
        for option in options:
            self.fields[option.name] = field_of(option, kept=option.name in self.kept)
            if option.name in self.kept and not option.needed:
                self.fields[f"{option.name}-forget"] = forms.BooleanField(
                    required=False, label=_now("Forget it: %(what)s") % {"what": _now(option.label)}
                )

    def values(self, options: Sequence[Option]) -> Mapping[str, Any]:
        """What was filled in and is no secret."""
        return {one.name: self.cleaned_data[one.name] for one in options if one.form != Form.SECRET and self._has(one)}

    def secrets(self, options: Sequence[Option], place: Fabric) -> Mapping[str, str]:
        """Secrets as they will be: typed now, or kept and not to be forgotten."""
        typed = {one.name: self.cleaned_data[one.name] for one in options if one.form == Form.SECRET and self._has(one)}
        stay = {name: place.secrets[name] for name in self.kept if not self.cleaned_data.get(f"{name}-forget")}
        return {**stay, **typed}

    def _has(self, option: Option) -> bool:
        return self.cleaned_data.get(option.name) not in ("", None, [])


def unjudged(form: forms.BaseForm) -> dict[str, Any]:
    """What was typed into a form, to be shown again without a word about it."""
    return {name: form[name].data for name in form.fields}
