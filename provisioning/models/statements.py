"""The statements of every pass, written out.

Django builds a statement anew at each use; for a row of forty columns that takes ten times as long as the database takes.
Only names of our own tables and columns are put into these texts; values never are.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

from provisioning.phases import Phase

Row = TypeVar("Row", bound=Model)


def claim(rows: type[Row], pk: int, at: datetime, until: datetime) -> Row | None:
    """Take a row that nobody holds and that is not gone, and read it.

    One statement: what was read is what was taken, and the epoch is nobody else's.
    """
    taken = list(rows._default_manager.raw(_claim(rows), [until, pk, at, Phase.GONE.value]))
    return taken[0] if taken else None


def select(rows: type[Row], rest: str, *values: Any, without: frozenset[str] = frozenset()) -> list[Row]:
    """Read rows; `rest` is what follows the table's name. Columns named in `without` are read when they are asked for."""
    return list(rows._default_manager.raw(_select(rows, rest, without), values))


def read(rows: type[Row], pk: int) -> Row:
    """Read one row that is there."""
    return select(rows, "WHERE id = %s", pk)[0]


def numbers(statement: str, *values: Any) -> tuple[int, ...]:
    """The first line of an answer that is made of numbers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [_plain(value) for value in values])
        return tuple(cursor.fetchone())


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


def insert_new(rows: Sequence[Model]) -> None:
    """Insert rows of one kind; those that would break a uniqueness are passed over."""
    if rows:
        fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
        values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows]
        with connection.cursor() as cursor:
            cursor.executemany(_insert(type(rows[0])), values)


@lru_cache
def _claim(rows: type[Model]) -> str:
    return (
        f"UPDATE {rows._meta.db_table} SET lease_epoch = lease_epoch + 1, lease_until = %s"  # noqa: S608
        " WHERE id = %s AND lease_until <= %s AND phase <> %s RETURNING *"
    )


@lru_cache
def _select(rows: type[Model], rest: str, without: frozenset[str]) -> str:
    names = [_quoted(field) for field in rows._meta.concrete_fields if field.name not in without]
    return f"SELECT {', '.join(names)} FROM {rows._meta.db_table} {rest}"  # noqa: S608


@lru_cache
def _write(rows: type[Model], names: tuple[str, ...], quiet: bool) -> str:
    values = ", ".join(f"{_quoted(_field(rows, name))} = %s" for name in names)
    where = "id = %s AND lease_epoch = %s" + (" AND wakes = %s" if quiet else "")
    return f"UPDATE {rows._meta.db_table} SET {values} WHERE {where}"  # noqa: S608


@lru_cache
def _insert(rows: type[Model]) -> str:
    names = [_quoted(field) for field in rows._meta.concrete_fields if not field.primary_key]
    marks = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {rows._meta.db_table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608


def _field(rows: type[Model], name: str) -> "Field[Any, Any]":
    field = rows._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _quoted(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(str(field.column))


def _plain(value: Any) -> Any:
    return connection.ops.adapt_unknown_value(value)
