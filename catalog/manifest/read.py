"""From the text of `fairground.toml` to a `Manifest`, or to the list of everything that is wrong with it."""

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalog.manifest.known import known_keys
from catalog.manifest.letters import has_controls
from catalog.manifest.manifest import Manifest
from catalog.manifest.problems import ManifestError, Problem, shown
from catalog.manifest.rules import RULES

FILE = "fairground.toml"
LARGEST = 64 * 1024
"""Bytes of a manifest. The longest one of 1,500 in five public catalogs has a tenth of that."""
DEEPEST = 10
MOST_VALUES = 2000
MOST_DOTS = 100
"""Dots in one line: tomllib takes quadratic time for a dotted key (16 s for 64 KiB of "a.a.a…", measured)."""
LARGEST_NUMBER = 2**53
PROBLEMS_TOLD = 50
RESERVED = {
    "role": "is reserved: apps of several roles come with a later version of the format",
    "result": "is reserved: jobs with a result come with roles, in a later version of the format",
}
WORDS = {
    "missing": "this key is needed",
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "list_type": "expected a list [ … ]",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "literal_error": "expected {expected}",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "too_short": "expected at least {min_length} of these",
    "too_long": "expected at most {max_length} of these",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "expected": "{expected}",
}
Where = tuple[str | int, ...]


def parse(text: str | bytes, file: str = FILE) -> Manifest:
    """Read a manifest. Raises ManifestError with every problem found; never anything else."""
    raw = _tables(text, file)
    for name, word in RESERVED.items():
        if name in raw:
            _refuse(file, name, word)
    if raw.get("format", 1) != 1 or isinstance(raw.get("format"), bool):
        _refuse(file, "format", "this portal reads format 1; a newer one needs a newer portal", shown(raw["format"]))
    try:
        manifest = Manifest.model_validate(raw)
    except ValidationError as error:
        raise ManifestError(_told(error.errors(include_url=False), raw, file)) from error
    broken = [Problem(file, key, value, expected) for rule in RULES for key, value, expected in rule(manifest)]
    if broken:
        raise ManifestError(broken[:PROBLEMS_TOLD])
    return manifest


def _refuse(file: str, key: str, expected: str, value: str = "") -> NoReturn:
    raise ManifestError([Problem(file, key, value, expected)])


def _tables(text: str | bytes, file: str) -> dict[str, Any]:
    """Read TOML within bounds, and leave out what begins with `x-`."""
    encoded = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(encoded) > LARGEST:
        _refuse(file, "", f"expected at most {LARGEST // 1024} KiB, this one has {len(encoded) // 1024} KiB")
    try:
        decoded = encoded.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(file, "", f"expected text in UTF-8; byte {error.start + 1} is not")
    if any(line.count(".") > MOST_DOTS for line in decoded.splitlines()):
        _refuse(file, "", f"expected at most {MOST_DOTS} dots in a line")
    try:
        raw = tomllib.loads(decoded)
    except RecursionError:
        _refuse(file, "", f"expected at most {DEEPEST} levels")
    except ValueError as error:  # also what tomllib lets through, such as a number of 5,000 digits
        _refuse(file, "", f"expected TOML: {shown(str(error))}")
    if broken := [Problem(file, dotted(where, raw), shown(value), why) for where, value, why in _out_of_bounds(raw)]:
        raise ManifestError(broken[:PROBLEMS_TOLD])
    return {key: _without_extras(value) for key, value in raw.items() if not key.startswith("x-")}


def _out_of_bounds(raw: dict[str, Any]) -> Iterator[tuple[Where, object, str]]:
    todo: list[tuple[Where, object]] = [((), raw)]
    for count, (where, value) in enumerate(todo):  # grows while it is walked
        if count >= MOST_VALUES:
            yield (), "", f"expected at most {MOST_VALUES} values in all"
            return
        if len(where) > DEEPEST:
            yield where[:DEEPEST], "", f"expected at most {DEEPEST} levels"
            return
        if why := _unkeepable(value):
            yield where, value, why
        if isinstance(value, dict):
            todo.extend(((*where, key), item) for key, item in value.items())
        elif isinstance(value, list):
            todo.extend(((*where, number), item) for number, item in enumerate(value))


def _unkeepable(value: object) -> str:
    """Say why a value cannot be kept as JSON in every database and shown to people; empty if it can."""
    match value:
        case bool() | dict() | list():
            return ""
        case str():
            return "expected text without control or direction characters" if has_controls(value) else ""
        case int():
            return "" if abs(value) <= LARGEST_NUMBER else "expected a smaller number"
        case float():
            return "" if math.isfinite(value) else "expected a number that exists"
        case _:
            return "expected a date or time as text, in quotes"


def _without_extras(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_extras(item) for key, item in value.items() if not key.startswith("x-")}
    return [_without_extras(item) for item in value] if isinstance(value, list) else value


def _told(errors: list[ErrorDetails], raw: dict[str, Any], file: str) -> list[Problem]:
    """Turn pydantic's errors into problems: one for each key, the ways of a union joined by "or"."""
    told: dict[str, Problem] = {}
    for error in errors[:PROBLEMS_TOLD]:
        where = _written(error["loc"], raw, missing=error["type"] == "missing")
        key, expected = dotted(where, raw), _expected(error, where)
        if known := told.get(key):
            also = expected.removeprefix("expected ")
            expected = known.expected if also in known.expected else f"{known.expected}, or {also}"
        told[key] = Problem(file, key, "" if error["type"] == "missing" else shown(error["input"]), expected)
    return list(told.values())


def _expected(error: ErrorDetails, where: Where) -> str:
    if error["type"] == "extra_forbidden":
        known = known_keys(where[:-1])
        near = difflib.get_close_matches(str(where[-1]), known, n=1, cutoff=0.5)
        return f"unknown key; did you mean '{near[0]}'?" if near else f"unknown key; known here: {', '.join(known)}"
    return WORDS.get(error["type"], error["msg"]).format_map(error.get("ctx") or {})


def _written(loc: Where, raw: object, *, missing: bool) -> Where:
    """Leave out of pydantic's place what the author did not write: the tags of unions and keys."""
    where: list[str | int] = []
    at = raw
    for number, part in enumerate(loc):
        if (isinstance(at, Mapping) and part in at) or (isinstance(at, list) and isinstance(part, int)):
            where.append(part)
            at = at[part]  # type: ignore[index]
        elif missing and number == len(loc) - 1:
            where.append(part)
    return tuple(where)


def dotted(where: Where, raw: object) -> str:
    """Write a place as an author finds it: `param[title].default`, or `port[#2]` for one without a name."""
    text, at = "", raw
    for part in where:
        inside = at[part] if isinstance(at, (Mapping, list)) and (isinstance(at, list) or part in at) else None  # type: ignore[index]
        if isinstance(part, int):
            named = inside.get("id", inside.get("name")) if isinstance(inside, Mapping) else None
            text += f"[{named}]" if isinstance(named, str) and len(named) <= 40 else f"[#{part + 1}]"
        else:
            text += f".{part}" if text else str(part)
        at = inside
    return text[:200]
