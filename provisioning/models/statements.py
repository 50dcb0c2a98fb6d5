"""The statements of every pass, written out.

Django builds a statement anew at each use; for a row of forty columns that takes ten times as long as the database takes.
Only names of our own tables and columns are put into these texts; values never are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

from provisioning.phases import Phase

Row = TypeVar("Row", bound=Model)
NOTHING: frozenset[str] = frozenset()


def claim(rows: type[Row], pk: int, at: datetime, until: datetime) -> Row | None:
    """Take a row that nobody holds and that is not gone, and read it.

    One statement: what was read is what was taken, and the epoch is nobody else's.
    """
    taken = _opened(rows, NOTHING, lines(_claim(rows), until, pk, at, Phase.GONE.value))
    return taken[0] if taken else None


def select(rows: type[Row], rest: str, *values: Any, without: frozenset[str] = NOTHING) -> list[Row]:
    """Read rows; `rest` is what follows the table's name. Columns named in `without` are read when they are asked for."""
    return _opened(rows, without, lines(_select(rows, rest, without), *values))


def read(rows: type[Row], pk: int) -> Row:
    """Read one row that is there."""
    return select(rows, "WHERE id = %s", pk)[0]


def lines(statement: str, *values: Any) -> list[Sequence[Any]]:
    """The lines of an answer, as the database tells them."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.ops.adapt_unknown_value(value) for value in values])
        return list(cursor.fetchall())


def line(statement: str, *values: Any) -> Sequence[Any]:
    """The first line of an answer."""
    return lines(statement, *values)[0]


def moment(told: Any) -> datetime | None:
    """A time, as it stands in an answer: SQLite tells it as a text."""
    return datetime.fromisoformat(told).replace(tzinfo=UTC) if isinstance(told, str) else told


def write(row: Model, epoch: int, columns: Mapping[str, Any], *, wakes: int | None = None) -> bool:
    """Write columns if the lease of this epoch still holds the row, and if no more than `wakes` reasons to look came up.

    Return False if not.
    """
    rows = type(row)
    values = [_field(rows, name).get_db_prep_save(value, connection) for name, value in columns.items()]
    where = [row.pk, epoch] if wakes is None else [row.pk, epoch, wakes]
    with connection.cursor() as cursor:
        cursor.execute(_write(rows, tuple(columns), wakes is not None), [*values, *where])
        return bool(cursor.rowcount)


def change(statement: str, *values: Any) -> None:
    """Change rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.ops.adapt_unknown_value(value) for value in values])


def wake(rows: type[Model], pk: int, at: datetime) -> None:
    """Give a row a reason to look, as `reconciled.woken` does."""
    change(_wake(rows), at, pk)


def insert(row: Model) -> None:
    """Insert a new row, and tell it its number."""
    with connection.cursor() as cursor:
        cursor.execute(_insert(type(row), "RETURNING id"), _values(row))
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - as Django's own save does


def insert_new(rows: Sequence[Model]) -> None:
    """Insert rows of one kind; those that would break a uniqueness are passed over."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_insert(type(rows[0]), "ON CONFLICT DO NOTHING"), [_values(row) for row in rows])


def _values(row: Model) -> list[Any]:
    """What goes into the columns of a new row, in the order of `_insert`."""
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for field in _new(type(row))]


def _opened(rows: type[Row], without: frozenset[str], found: list[Sequence[Any]]) -> list[Row]:
    """Rows from what the database holds."""
    names, openers = _openers(rows, without)
    opened = [list(values) for values in found]
    for values in opened:
        for position, column, open_ in openers:
            values[position] = open_(values[position], column, connection)
    return [rows.from_db(connection.alias, names, values) for values in opened]


Opener = tuple[int, Any, Callable[[Any, Any, Any], Any]]


@lru_cache
def _openers(rows: type[Model], without: frozenset[str]) -> tuple[frozenset[str], list[Opener]]:
    """Names of the columns, and how that what the database holds in each becomes what we work with."""
    fields = _fields(rows, without)
    columns = [field.get_col(rows._meta.db_table) for field in fields]
    openers = [
        (position, column, open_)
        for position, column in enumerate(columns)
        for open_ in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection))
    ]
    return frozenset(field.attname for field in fields), openers


@lru_cache
def _claim(rows: type[Model]) -> str:
    return (
        f"UPDATE {rows._meta.db_table} SET lease_epoch = lease_epoch + 1, lease_until = %s"  # noqa: S608
        f" WHERE id = %s AND lease_until <= %s AND phase <> %s RETURNING {_names(_fields(rows))}"
    )


@lru_cache
def _select(rows: type[Model], rest: str, without: frozenset[str]) -> str:
    return f"SELECT {_names(_fields(rows, without))} FROM {rows._meta.db_table} {rest}"  # noqa: S608


@lru_cache
def _write(rows: type[Model], names: tuple[str, ...], quiet: bool) -> str:
    values = ", ".join(f"{_names([_field(rows, name)])} = %s" for name in names)
    where = "id = %s AND lease_epoch = %s" + (" AND wakes = %s" if quiet else "")
    return f"UPDATE {rows._meta.db_table} SET {values} WHERE {where}"  # noqa: S608


@lru_cache
def _wake(rows: type[Model]) -> str:
    return f"UPDATE {rows._meta.db_table} SET wakes = wakes + 1, due_at = %s WHERE id = %s"  # noqa: S608


@lru_cache
def _insert(rows: type[Model], rest: str) -> str:
    marks = ", ".join(["%s"] * len(_new(rows)))
    return f"INSERT INTO {rows._meta.db_table} ({_names(_new(rows))}) VALUES ({marks}) {rest}"  # noqa: S608


@lru_cache
def _new(rows: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in _fields(rows) if not field.primary_key]


def _fields(rows: type[Model], without: frozenset[str] = NOTHING) -> "list[Field[Any, Any]]":
    return [field for field in rows._meta.concrete_fields if field.name not in without]


@lru_cache
def _field(rows: type[Model], name: str) -> "Field[Any, Any]":
    field = rows._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _names(fields: "Iterable[Field[Any, Any]]") -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
