"""All that an admin fills in about one place, judged by its kind, and kept in one go."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _now

from portal.desk import audit, ground
from portal.desk.place_forms import LimitsForm, OptionsForm, unjudged
from portal.desk.place_tables import HOST_KEY, Table
from portal.models import User
from portal.people import own_options
from portal.words import problem
from provisioning import fabrics
from provisioning.driver import Form, Option, Pinning
from provisioning.errors import Stop
from provisioning.models import Fabric, Machine
from provisioning.phases import Phase
from provisioning.reconciler.world import driver_of

WITHIN = 10.0
TOLD = re.compile(r"(?P<name>[a-z_]+)(?:, [a-z_]+)*(?:,? (?:line )?(?P<row>\d+))?: (?P<told>.+)", re.DOTALL)
"""What `problems` says: an option, perhaps a row of it, and a sentence."""


class Sheet:
    """A place's limits, its kind's options, and its kind's tables."""

    limits_form: type[forms.ModelForm] = LimitsForm  # type: ignore[type-arg]  # not generic at run time

    def __init__(self, place: Fabric, data: Mapping[str, Any] | None = None, *, judge: bool = True) -> None:
        self.place, self.kind = place, fabrics.kind(place.kind)
        asked = self._asked()
        self.flat = [option for option in asked if option.form != Form.TABLE]
        tables = [option for option in asked if option.form == Form.TABLE]
        self.limits = self.limits_form(data, instance=place)
        self.options = OptionsForm(self.flat, place, data)
        self.tables = [Table(option, place.options.get(option.name) or [], data, judge=judge) for option in tables]
        self.wrong: list[str] = []
        if data is not None and not judge:
            self.limits = self.limits_form(instance=place, initial=unjudged(self.limits))
            self.options = OptionsForm(self.flat, place, typed=unjudged(self.options))

    @property
    def has_keys(self) -> bool:
        """Whether the keys of its hosts can be asked for."""
        return isinstance(self.kind, Pinning) and any(table.has_keys for table in self.tables)

    def fetch_keys(self) -> None:
        """Fill in the keys that the hosts show now, for an admin to compare. Nothing is kept."""
        for table in self.tables:
            if table.has_keys and isinstance(self.kind, Pinning):
                table.fill(HOST_KEY, self.kind.host_keys({table.name: table.rows}, within=WITHIN))

    def is_valid(self) -> bool:
        """Judge all of it, and tell each fault where it is."""
        forms_fit = (
            self.limits.is_valid() & self.options.is_valid()
        )  # all are asked, so that all faults are told at once
        if sum(not table.is_valid() for table in self.tables) or not forms_fit:
            return False
        self.given, self.secrets = self._given(), self._secrets()
        for told in self._problems({**self.given, **self.secrets}):
            self._tell(told)
        if not self.is_wrong and self.place.pk:
            self.wrong += self._lost()
        return not self.is_wrong

    @transaction.atomic
    def save(self, *, by: User, at: datetime) -> Fabric:
        """Keep it, and write down who did."""
        did, before = ("change-place" if self.place.pk else "add-place"), {**self.place.options, **self.place.secrets}
        self.keep()
        own_options.follow(self.place.kind)
        after = {**self.given, **self.secrets}
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        names = sorted(changed - {"subnets", "first_port", "slots"} | set(self.limits.changed_data))
        audit.write(did, self.place, by=by, at=at, told=", ".join(names))  # names alone: values may be secret
        return self.place

    def keep(self) -> Fabric:
        """Keep it."""
        self.place.options, self.place.secrets = self.given, self.secrets
        self.limits.save()
        return self.place

    def _asked(self) -> Sequence[Option]:
        return self.kind.OPTIONS

    def _problems(self, options: Mapping[str, Any]) -> Sequence[str]:
        return self.kind.problems(options)

    def _secrets(self) -> dict[str, Any]:
        return dict(self.options.secrets(self.flat, self.place))

    def _given(self) -> dict[str, Any]:
        """What was filled in, and what the portal itself keeps with the place."""
        declared = {option.name for option in self.kind.OPTIONS} | {"price_per_day"}
        stays = {name: value for name, value in self.place.options.items() if name not in declared}
        price = self.limits.cleaned_data["price_per_day"]
        filled = {**self.options.values(self.flat), **{table.name: table.values() for table in self.tables}}
        return {**(stays or ground.block()), **filled, **({"price_per_day": price} if price else {})}

    def _tell(self, problem: str) -> None:
        found = TOLD.fullmatch(problem)
        name, row, told = (found["name"], found["row"], _now(found["told"])) if found else ("", None, _now(problem))
        table = next((table for table in self.tables if table.name == name), None)
        if table and row and int(row) <= len(table.forms):
            table.forms[int(row) - 1].wrong.append(told)
        elif table:
            table.wrong.append(told)
        elif name in self.options.fields:
            self.options.add_error(name, told)
        else:
            self.wrong.append(f"{name}: {told}" if name else told)

    @property
    def is_wrong(self) -> bool:
        """Whether something is to be mended in it."""
        rows = [row.wrong for table in self.tables for row in table.forms]
        tables = [table.wrong for table in self.tables]
        return bool(self.options.errors or self.limits.errors) or any([self.wrong, *tables, *rows])

    def _lost(self) -> Sequence[str]:
        """Why this would lose sight of machines that run there; nothing while the place does not answer anyhow."""
        living = Machine.objects.filter(fabric=self.place, asked_at__isnull=False).exclude(phase=Phase.GONE)
        ours = set(living.values_list("key", flat=True))
        if not ours:
            return []
        try:
            seen = driver_of(self.place).roll_call(within=WITHIN).keys & ours
        except (Stop, ValueError):
            return []
        opened = fabrics.frozen_options({**self.given, **self.secrets})
        try:
            still = fabrics.open_driver(self.place.kind, opened, settings.PORTAL_ID).roll_call(within=WITHIN).keys
        except Stop as stop:
            why = problem(stop.code, "", stop.params, was_open=False, title=self.place.name).happened
            return [_now("Nothing was changed, because the place does not answer to this. %(why)s") % {"why": why}]
        if not seen - still:
            return []
        said = _now("Nothing was changed: of the machines that run there, %(n)d would not be found any more.")
        return [said % {"n": len(seen - still)}]
