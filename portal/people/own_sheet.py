"""What a person says about an account of theirs: fewer questions than an admin is asked about a place, judged as those are."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.desk.place_sheet import Sheet
from portal.models import User
from portal.people import own_options
from provisioning.driver import Option
from provisioning.models import Fabric
from provisioning.trying import price_of_a_day


class NameForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What its owner calls it."""

    name = forms.CharField(label=_("What do you call it?"), max_length=40)

    class Meta:
        model = Fabric
        fields: ClassVar = ["name"]

    def clean_name(self) -> str:
        """Two places of one person have two names."""
        name: str = self.cleaned_data["name"]
        if Fabric.objects.filter(owner=self.instance.owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_now("You have a place of this name. Please choose another one."))
        return name


class OwnSheet(Sheet):
    """Without tables and limits: sizes, prices, and from where the portal comes, are the house's."""

    limits_form = NameForm

    @classmethod
    def new(cls, person: User, kind: str, data: Mapping[str, Any] | None = None) -> "OwnSheet":
        """Of an account that is not there yet."""
        begins = dict(own_options.begins_with(kind))
        place = Fabric(kind=kind, owner=person, options=begins, most_machines=settings.SERVICES_PER_PERSON)
        return cls(place, data)

    @property
    def policy(self) -> str:
        """The least that the account must allow."""
        return own_options.ownable(self.place.kind).least_policy(self._base())

    @property
    def word(self) -> str:
        """What a role in that account may ask of us; empty where there are no roles."""
        name = own_options.ownable(self.place.kind).OWN_WORD
        return str(self.place.secrets.get(name) or own_options.own_word(self._owner())) if name else ""

    @property
    def smallest(self) -> str:
        """What a day of the smallest machine costs."""
        return price_of_a_day(Fabric(kind=self.place.kind, options={**self.place.options, **self._base()}))

    def _asked(self) -> Sequence[Option]:
        return own_options.ownable(self.place.kind).OWN_OPTIONS

    def _problems(self, options: Mapping[str, Any]) -> Sequence[str]:
        return [*self.kind.problems(options), *own_options.ownable(self.place.kind).own_problems(options)]

    def _secrets(self) -> dict[str, Any]:
        name = own_options.ownable(self.place.kind).OWN_WORD
        return super()._secrets() | ({name: self.word} if name else {})

    def _given(self) -> dict[str, Any]:
        return {**self._base(), **self.options.values(self.flat)}

    def _base(self) -> dict[str, Any]:
        """What its owner does not say; as it was, where the house has no such place any more."""
        names = own_options.ownable(self.place.kind).SHARED_OPTIONS
        was = {name: value for name, value in self.place.options.items() if name in names}
        return {**own_options.usual(self.place.kind), **was, **own_options.shared(self.place.kind)}

    def _owner(self) -> User:
        owner: User | None = self.place.owner
        assert owner is not None
        return owner
