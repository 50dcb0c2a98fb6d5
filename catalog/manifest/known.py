"""Which keys may stand where."""

from collections.abc import Sequence
from typing import Any, get_args

from catalog.manifest.fields import Table
from catalog.manifest.manifest import Manifest


def known_keys(where: Sequence[str | int]) -> list[str]:
    """Return the keys of the table at this place, as an author writes them; none where keys are free."""
    table: type[Table] | None = Manifest
    for part in where:
        if isinstance(part, str) and table is not None:
            table = next((_table_in(field.annotation) for key, field in _fields(table) if key == part), None)
    return [key for key, _ in _fields(table)] if table else []


def _fields(table: type[Table]) -> list[tuple[str, Any]]:
    return [(field.alias or name, field) for name, field in table.model_fields.items()]


def _table_in(annotation: Any) -> type[Table] | None:
    """Find the table in `Data | None`, `list[Param]` or `Annotated[list[Port], …]`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((table for inner in get_args(annotation) if (table := _table_in(inner))), None)
