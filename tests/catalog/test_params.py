"""What becomes of the values that people give."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.manifest import Param, complete
from catalog.manifest.pattern import Pattern, PatternError


def param(**said: Any) -> Param:
    return Param(**{"id": "it", "label": "It", **said})


def one(given: object, **said: Any) -> object:
    """Return the value, or the code of its problem."""
    done = complete([param(**said)], {"it": given})
    return done.problems[0].code if done.problems else done.values.get("it")


TAKEN = [
    ({}, "Grüße aus Linden", "Grüße aus Linden"),
    ({}, "a'; $(id) `id` %s {{ x }}", "a'; $(id) `id` %s {{ x }}"),
    ({}, "a\nb", "control"),
    ({}, "a\0b", "nul"),
    ({}, "a\u202eb", "control"),
    ({}, "a\ud800", "control"),
    ({}, 7, "wrong-kind"),
    ({"max": 3}, "abcd", "too-long"),
    ({"min": 3}, "ab", "too-short"),
    ({}, "a" * 1001, "too-long"),
    ({"type": "long-text"}, "a\r\nb", "a\nb"),
    ({"type": "integer"}, "12", 12),
    ({"type": "integer"}, "12.5", "wrong-kind"),
    ({"type": "integer"}, True, "wrong-kind"),
    ({"type": "integer", "max": 5}, 6, "too-large"),
    ({"type": "integer"}, "9" * 30, "wrong-kind"),
    ({"type": "number", "min": 1}, "0.5", "too-small"),
    ({"type": "number"}, float("nan"), "wrong-kind"),
    ({"type": "number"}, "2.5", 2.5),
    ({"type": "boolean"}, "on", True),
    ({"type": "boolean"}, False, False),
    ({"type": "boolean"}, "perhaps", "wrong-kind"),
    ({"type": "choice", "choices": ["a", "b"]}, "b", "b"),
    ({"type": "choice", "choices": ["a", "b"]}, "c", "not-a-choice"),
    ({"type": "choices", "choices": ["a", "b"]}, ["b", "b"], ["b"]),
    ({"type": "choices", "choices": ["a", "b"]}, {"a": 1}, "wrong-kind"),
    ({"type": "email"}, "weber@school.example", "weber@school.example"),
    ({"type": "email"}, "weber", "wrong-kind"),
    ({"type": "url"}, "javascript:alert(1)", "wrong-kind"),
    ({"type": "hostname"}, "a.example.org", "a.example.org"),
    ({"type": "hostname"}, "a_b", "wrong-kind"),
    ({"type": "timezone"}, "Europe/Berlin", "Europe/Berlin"),
    ({"type": "timezone"}, "../../etc/passwd", "wrong-kind"),
    ({"type": "language"}, "de-AT", "de-AT"),
    ({"type": "color"}, "#ff00aa", "#ff00aa"),
    ({"type": "date"}, "2026-11-30", "2026-11-30"),
    ({"type": "date"}, "30.11.2026", "wrong-kind"),
    ({"type": "file"}, "aGVsbG8=", "aGVsbG8="),
    ({"type": "file"}, "not base64!", "wrong-kind"),
    ({"type": "file"}, "A" * 2_000_000, "too-large"),
    ({"type": "git-url"}, "ext::sh -c id", "wrong-kind"),
    ({"pattern": "[a-z]+", "pattern_error": "small letters"}, "abc", "abc"),
    ({"pattern": "[a-z]+", "pattern_error": "small letters"}, "ABC", "not-fitting"),
]


@pytest.mark.parametrize(("said", "given", "expected"), TAKEN)
def test_a_value_is_taken_in_its_own_type_or_refused_by_code(
    said: dict[str, Any], given: object, expected: object
) -> None:
    assert one(given, **said) == expected


def test_what_is_not_given_has_its_default_or_is_generated() -> None:
    params = [param(id="title", default="Wiki"), param(id="password", type="secret", generate="password", length=24)]

    values = complete(params, {"title": ""}).values

    assert values["title"] == "Wiki"
    assert len(str(values["password"])) == 24


def test_what_was_generated_once_stays_when_it_is_given_again() -> None:
    params = [param(id="token", generate="hex"), param(id="title", default="Wiki")]
    first = complete(params, {}).values

    again = complete(params, {**first, "title": "Other"}).values

    assert again["token"] == first["token"]
    assert again["title"] == "Other"


def test_a_needed_answer_that_is_missing_is_told() -> None:
    assert one("", ask=True) == "needed"
    assert one(None, required=True) == "needed"
    assert one("") is None


def test_a_name_that_nobody_declared_is_told() -> None:
    assert [problem.code for problem in complete([], {"LD_PRELOAD": "x"}).problems] == ["unknown"]


def test_a_parameter_applies_only_when_the_other_one_says_so() -> None:
    params = [
        param(id="mail", type="boolean", default=False),
        param(id="sender", type="email", required=True, when={"mail": True}),
    ]

    assert complete(params, {"sender": "x"}).values == {"mail": False}
    assert [problem.param for problem in complete(params, {"mail": "on"}).problems] == ["sender"]


@pytest.mark.parametrize("kind", ["password", "hex", "uuid", "words", "ed25519"])
def test_no_two_generated_values_are_alike(kind: str) -> None:
    made = {str(complete([param(id="x", generate=kind)], {}).values["x"]) for _ in range(20)}

    assert len(made) == 20


def test_a_generated_key_is_one_that_ssh_reads() -> None:
    value = str(complete([param(id="key", generate="ed25519")], {}).values["key"])

    assert value.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")


MATCHES = [
    ("[a-z0-9]+(-[a-z0-9]+)*", "spring-fair-2", True),
    ("[a-z0-9]+(-[a-z0-9]+)*", "spring--fair", False),
    ("^[A-Z]{2}[0-9]{2,4}$", "AB123", True),
    ("^[A-Z]{2}[0-9]{2,4}$", "AB12345", False),
    ("(red|green|blue)?", "green", True),
    ("(?:ab){2,}", "ababab", True),
    ("a{0}b", "b", True),
    (r"\d+\.\d+", "1.5", True),
    (r"[^@\]]+", "a b", True),
    (".*", "äöü", True),
    ("", "", True),
    (r"a\$", "a$", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHES)
def test_a_pattern_means_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert Pattern(pattern).matches(text) is expected


HOSTILE = ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(([a-z0-9])+-?)+", "(.*)*x", "a*a*a*a*a*a*b", "(a?){30}a{30}", "(x+x+)+y"]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_pattern_takes_long(pattern: str) -> None:
    begin = time.monotonic()

    Pattern(pattern).matches("a" * 500)

    assert time.monotonic() - begin < 20


REFUSED = [
    "(a",
    "a)",
    "*",
    "a**",
    "a{2,1}",
    "(?=a)",
    r"(a)\1",
    r"\bx",
    "[z-a]",
    "[",
    "[0||]",
    "((a{50}){50}){50}",
    "a" * 300,
    "a{1,999}",
]


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_is_not_simple_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab()[]{}|*+?^$\\.,-01", max_size=30), st.text(alphabet="ab0", max_size=20))
def test_any_pattern_is_compiled_or_refused(pattern: str, text: str) -> None:
    try:
        Pattern(pattern).matches(text)
    except PatternError:
        return


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["text", "integer", "choices", "date", "url", "file", "secret"]),
    st.one_of(st.text(), st.integers()),
)
def test_any_value_is_taken_or_refused(kind: str, value: object) -> None:
    done = complete([param(type=kind, choices=["a"] if kind == "choices" else [])], {"it": value})

    assert len(done.problems) <= 1
