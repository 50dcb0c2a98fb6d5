"""What the page for authors says is so."""

import re
from pathlib import Path
from typing import get_args

import pytest

from catalog.manifest import parse
from catalog.manifest.fields import Fact, Generate, ParamType
from catalog.manifest.remarks import WITHOUT_EFFECT

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "add-an-app.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_manifest(text: str) -> None:
    assert parse(text).ports


def test_there_is_a_smallest_and_a_larger_example() -> None:
    assert [parse(text).stateless for text in EXAMPLES] == [True, False]


@pytest.mark.parametrize(("key", "words"), WITHOUT_EFFECT.items())
def test_every_key_without_effect_is_named_as_such(key: str, words: str) -> None:
    assert f"| `{key}` | {words} |" in PAGE


@pytest.mark.parametrize("word", [*get_args(Fact), *get_args(Generate), *get_args(ParamType)])
def test_every_fact_type_and_generator_is_named(word: str) -> None:
    assert re.search(rf"\b{word}\b", PAGE)
