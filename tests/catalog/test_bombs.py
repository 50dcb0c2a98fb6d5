"""A manifest is a stranger's text: whatever stands in it, it is read quickly, or refused with words."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.manifest import ManifestError, parse
from catalog.manifest.schema import json_schema
from tests.catalog.manifests import SMALLEST, problems_of

BOMBS: dict[str, str | bytes] = {
    "dotted key": "a." * 32000 + "a = 1",
    "dotted header": "[" + "a." * 32000 + "a]",
    "many dotted keys": "".join(f"a{n}." + "a." * 99 + "a = 1\n" for n in range(300)),
    "nested lists": "a = " + "[" * 60000,
    "nested tables": "a = " + "{ a = " * 9000,
    "deep but whole": "a = " + "[" * 40 + "]" * 40,
    "a number without end": "a = 1" + "0" * 60000,
    "a large number": "a = 0x" + "f" * 60000,
    "infinite": "a = inf",
    "many values": "a = [" + "1," * 30000 + "]",
    "many tables": "[[a]]\n" * 10000,
    "too long": "#" * 70000,
    "halves of characters": "a = '\ud800'",
    "not UTF-8": b"a = '\xff'",
    "NUL": "a = '\0'",
    "UTF-16": "format = 1".encode("utf-16"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_quickly(name: str) -> None:
    begin = time.monotonic()

    with pytest.raises(ManifestError):
        parse(BOMBS[name])

    assert time.monotonic() - begin < 10  # without the guard it is 16 s on a quiet machine


TOML_ALPHABET = st.text(alphabet="ab1.=[]{}\"'\n, -:_x#", max_size=200)
PIECES = st.lists(st.sampled_from([*SMALLEST.splitlines(), "[[param]]", "[data]", "id = 1", "x = nan", "path = []"]))

GARBAGE: st.SearchStrategy[str | bytes] = st.one_of(st.text(), st.binary(), TOML_ALPHABET, PIECES.map("\n".join))


@settings(max_examples=150, deadline=None)
@given(GARBAGE)
def test_garbage_never_raises_anything_but_a_manifest_error(text: str | bytes) -> None:
    for problem in problems_of(text):
        assert problem.expected


ANYTHING = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.none()),
    lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(st.text(max_size=4), inside, max_size=3)),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(json_schema()["properties"])), ANYTHING)
def test_any_value_at_any_key_is_taken_or_told(key: str, value: object) -> None:
    raw = parse(SMALLEST).as_json() | {key: value}

    for problem in problems_of_tables(raw):
        assert problem


def problems_of_tables(raw: dict[str, object]) -> list[str]:
    """Write tables as TOML, read them, and return what was said."""
    lines = [f"{json.dumps(key)} = {toml_text(value)}" for key, value in raw.items()]
    return [str(problem) for problem in problems_of("\n".join(lines))]


def toml_text(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {toml_text(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml_text, value)) + "]"
        case float():
            return repr(value)
        case _:
            return json.dumps(value) if value is not None else "''"
