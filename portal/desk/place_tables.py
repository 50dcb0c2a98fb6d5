"""Options that are tables: a row in a form of its own, many rows pasted at once."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _now

from portal.desk.place_forms import Row, field_of
from provisioning.driver import Option

MOST_ROWS = 500
HOST_KEY = "host_key"
KEY = re.compile(r"((?:ssh|ecdsa|sk)-\S+)\s+([A-Za-z0-9+/=]{40,})")


class RowForm(forms.Form):
    """One row."""

    def __init__(self, columns: Sequence[Option], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns, self.wrong = columns, list[str]()
        for column in columns:
            self.fields[column.name] = field_of(column)
            if not self.is_bound and column.default and kwargs.get("initial"):
                self.fields[column.name].initial = ""  # an empty cell that was kept is not filled by the default
        self.fields["gone"] = forms.BooleanField(required=False, label=_now("Take this row out"))

    @property
    def summary(self) -> str:
        """What it begins with, on one line."""
        cells = (str(self[column.name].value() or "") for column in self.columns if column.name != HOST_KEY)
        return " · ".join([cell for cell in cells if cell][:4])

    @property
    def fingerprint(self) -> str:
        """Of its host key, as `ssh-keygen -lf` tells it; "" where there is none."""
        return fingerprint(str(self[HOST_KEY].value() or "")) if HOST_KEY in self.fields else ""

    @property
    def is_wrong(self) -> bool:
        """Whether something is to be mended in it."""
        return bool(self.wrong or (self.is_bound and self.errors))

    def values(self) -> Row:
        """What was filled in."""
        cells = {column.name: self.cleaned_data.get(column.name) for column in self.columns}
        return {name: cell for name, cell in cells.items() if cell not in ("", None)}


class Table:
    """One option that is a table."""

    def __init__(
        self, option: Option, rows: Sequence[Row], data: Mapping[str, Any] | None = None, *, judge: bool = True
    ) -> None:
        self.option, self.name, self.wrong = option, option.name, list[str]()
        self.label, self.help = _now(option.label), _now(option.help) if option.help else ""
        self.rows = [dict(row) for row in (rows if data is None else self._typed(data))]
        self._make_forms(judge=judge and data is not None)

    @property
    def spare(self) -> RowForm:
        """A row to be filled in by hand."""
        return self._form(len(self.forms))

    @property
    def count(self) -> int:
        """Rows on the page, the spare one among them."""
        return len(self.forms) + 1

    @property
    def pasted_as(self) -> str:
        """The order of a pasted line's words."""
        return " · ".join(_now(column.label) for column in self.option.columns if column.name != HOST_KEY)

    @property
    def has_keys(self) -> bool:
        """Whether its rows are hosts with keys to be compared."""
        return any(column.name == HOST_KEY for column in self.option.columns)

    def is_valid(self) -> bool:
        """Whether each row is."""
        if self.option.needed and not self.forms:
            self.wrong.append(_now("Please add at least one row."))
        return sum(not form.is_valid() for form in self.forms) == 0 and not self.wrong  # each is asked

    def values(self) -> Sequence[Row]:
        """Its rows; to be asked when they are valid."""
        return [form.values() for form in self.forms]

    def fill(self, column: str, cells: Sequence[str]) -> None:
        """Put these into the empty cells of a column, row by row, for somebody to look at."""
        for row, cell in zip(self.rows, cells, strict=False):
            row[column] = row.get(column) or cell
        self._make_forms(judge=False)

    def _make_forms(self, *, judge: bool) -> None:
        form = self._bound if judge else self._shown
        self.forms = [form(number, row) for number, row in enumerate(self.rows)]

    def _form(self, number: int, **how: Any) -> RowForm:
        return RowForm(self.option.columns, prefix=f"{self.name}-{number}", **how)

    def _bound(self, number: int, row: Row) -> RowForm:
        return self._form(number, data={f"{self.name}-{number}-{name}": cell for name, cell in row.items()})

    def _shown(self, number: int, row: Row) -> RowForm:
        return self._form(number, initial=dict(row))

    def _typed(self, data: Mapping[str, Any]) -> Iterator[Row]:
        """The page's rows that stay and are not empty, then those that were pasted."""
        count = str(data.get(f"{self.name}-rows", "0"))
        for number in range(min(int(count) if count.isdecimal() else 0, MOST_ROWS)):
            begin = f"{self.name}-{number}-"
            row = {column.name: str(data.get(begin + column.name) or "").strip() for column in self.option.columns}
            is_filled = any(cell for name, cell in row.items() if cell != self._default(name))
            if is_filled and f"{begin}gone" not in data:
                yield row
        yield from pasted(self.option.columns, str(data.get(f"{self.name}-paste") or ""))

    def _default(self, name: str) -> str:
        return next(column.default for column in self.option.columns if column.name == name)


def pasted(columns: Sequence[Option], text: str) -> Iterator[Row]:
    """Rows from lines of words, in the order of the columns; a host key is known by its looks, wherever it stands."""
    names = [column.name for column in columns if column.name != HOST_KEY]
    for line in text.splitlines()[:MOST_ROWS]:
        row = {column.name: column.default for column in columns}
        if (key := KEY.search(line)) and HOST_KEY in row:
            row[HOST_KEY] = f"{key[1]} {key[2]}"
        rest = KEY.sub(" ", line).strip()
        words = re.split(r"\s*[\t,;]\s*|\s+", rest, maxsplit=len(names) - 1)
        if rest and not rest.startswith("#"):
            yield row | {name: word for name, word in zip(names, words, strict=False) if word}


def fingerprint(key: str) -> str:
    """Of a public key of OpenSSH; "" for what is none."""
    words = key.split()
    try:
        raw = base64.b64decode(words[1] if len(words) > 1 else "", validate=True)
    except binascii.Error:
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=") if raw else ""
