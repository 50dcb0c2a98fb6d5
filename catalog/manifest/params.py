"""From what a person gave to the values of a launch. The browser's form may help; only this counts.

A problem is a code and its parameters; the sentence is made where a person reads it. The codes: `unknown`, `needed`,
`nul`, `control`, `too-short` (min), `too-long` (max), `too-small` (min), `too-large` (max), `not-fitting` (words: the
author's own, may be empty), `not-a-choice` (choices), `wrong-kind` (kind: the parameter's type).
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from catalog.manifest.fields import Param, Value
from catalog.manifest.generate import generated
from catalog.manifest.letters import has_controls
from catalog.manifest.pattern import LONGEST_TEXT, Pattern

LARGEST_FILE = 1024 * 1024
LONGEST = {
    "text": 1000,
    "long-text": 20_000,
    "secret": 1000,
    "url": 2000,
    "git-url": 500,
    "email": 254,
    "hostname": 253,
    "file": LARGEST_FILE * 2,
}
LARGEST_NUMBER = 2**53
GRAMMARS = {
    "email": r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}",
    "url": r"https?://[!-~]{1,1990}",
    "git-url": r"https://[!-~]{1,490}",
    "hostname": r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?){0,10}",
    "language": r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}",
    "color": r"#[0-9a-fA-F]{6}",
}


@dataclass(frozen=True)
class ValueProblem:
    """Why one value cannot be taken."""

    param: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Completed:
    """The values of a launch, whole if there are no problems."""

    values: Mapping[str, Value]
    problems: Sequence[ValueProblem]


class RefusedError(Exception):
    """This value cannot be taken."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def complete(params: Sequence[Param], given: Mapping[str, object]) -> Completed:
    """Check what was given, and fill in defaults and generated values.

    Text from a browser's form is taken for numbers and yes/no as well; an empty text counts as not given. To change one
    value later, give all old values with it: nothing is generated anew then.
    """
    values: dict[str, Value] = {}
    problems = [ValueProblem(name[:40], "unknown") for name in given if name not in {param.id for param in params}]
    for param in params:
        if not applies(param, values):
            continue
        try:
            value = _value(param, given.get(param.id))
        except RefusedError as refused:
            problems.append(ValueProblem(param.id, refused.code, refused.params))
        else:
            if value is not None:
                values[param.id] = value
    return Completed(values, problems)


def applies(param: Param, values: Mapping[str, Value]) -> bool:
    """Say whether a parameter is asked at all, by the values that stand before it."""
    return all(
        type(values.get(other)) is type(wanted) and values[other] == wanted
        for other, wanted in (param.when or {}).items()
    )


def accepted(param: Param, value: object) -> Value:
    """Return the value in the parameter's own type. Raises RefusedError."""
    taken = KINDS.get(param.type, _text)(param, value)
    if isinstance(taken, str):
        _length(param, taken)
        _fitting(param, taken)
    return taken


def _value(param: Param, given: object) -> Value | None:
    if given not in (None, "", []):
        return accepted(param, given)
    if param.default is not None:
        return param.default
    if param.generate:
        return generated(param.generate, param.length)
    if param.needs_answer:
        raise RefusedError("needed")
    return None


def _text(param: Param, value: object) -> str:
    if not isinstance(value, str):
        raise RefusedError("wrong-kind", kind=param.type)
    if "\0" in value:
        raise RefusedError("nul")
    several_lines = param.type in {"long-text", "secret"}
    text = value.replace("\r\n", "\n") if several_lines else value
    if has_controls(text) or ("\n" in text and not several_lines):
        raise RefusedError("control")
    if (grammar := GRAMMARS.get(param.type)) and not (len(text) <= 2000 and re.fullmatch(grammar, text, re.ASCII)):
        raise RefusedError("wrong-kind", kind=param.type)
    return text


def _length(param: Param, text: str) -> None:
    longest = LONGEST.get(param.type, 500)
    most = longest if param.max is None else min(param.max, longest)
    if len(text) > most:
        raise RefusedError("too-long", max=most)
    if param.min is not None and len(text) < param.min:
        raise RefusedError("too-short", min=param.min)


def _fitting(param: Param, text: str) -> None:
    if param.pattern and len(text) > LONGEST_TEXT:
        raise RefusedError("too-long", max=LONGEST_TEXT)
    if param.pattern and not Pattern(param.pattern).matches(text):
        raise RefusedError("not-fitting", words=param.pattern_error)


def _number(param: Param, value: object) -> int | float:
    number = _read_number(param.type, value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, (int, float) if param.type == "number" else int):
        raise RefusedError("wrong-kind", kind=param.type)
    if not math.isfinite(number):
        raise RefusedError("wrong-kind", kind=param.type)
    if number < (least := -LARGEST_NUMBER if param.min is None else param.min):
        raise RefusedError("too-small", min=least)
    if number > (most := LARGEST_NUMBER if param.max is None else param.max):
        raise RefusedError("too-large", max=most)
    return number


def _read_number(kind: str, text: str) -> int | float:
    grammar = r"-?[0-9]{1,16}(\.[0-9]{1,16})?" if kind == "number" else r"-?[0-9]{1,16}"
    if not re.fullmatch(grammar, text.strip(), re.ASCII):
        raise RefusedError("wrong-kind", kind=kind)
    return float(text) if "." in text else int(text)


def _boolean(_param: Param, value: object) -> bool:
    known = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in known:
        return known[value]
    raise RefusedError("wrong-kind", kind="boolean")


def _choice(param: Param, value: object) -> str:
    if not isinstance(value, str) or value not in param.choices:
        raise RefusedError("not-a-choice", choices=list(param.choices))
    return value


def _choices(param: Param, value: object) -> list[str]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list):
        raise RefusedError("wrong-kind", kind="choices")
    return list(dict.fromkeys(_choice(param, one) for one in several))


def _timezone(param: Param, value: object) -> str:
    if (name := _text(param, value)) not in available_timezones():
        raise RefusedError("wrong-kind", kind="timezone")
    return name


def _date(param: Param, value: object) -> str:
    try:
        return date.fromisoformat(_text(param, value)).isoformat()
    except ValueError as error:
        raise RefusedError("wrong-kind", kind="date") from error


def _file(_param: Param, value: object) -> str:
    """Take a file as base64 text."""
    if not isinstance(value, str) or len(value) > LARGEST_FILE * 4 // 3 + 4:
        raise RefusedError("too-large", max=LARGEST_FILE)
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("wrong-kind", kind="file") from error
    return value


KINDS: Mapping[str, Callable[[Param, object], Value]] = {
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "timezone": _timezone,
    "date": _date,
    "file": _file,
}
