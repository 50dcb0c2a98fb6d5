"""What an author hears about a manifest."""

import json
from datetime import timedelta

import pytest

from catalog.manifest import FILE, Manifest, Probe, parse, remarks
from catalog.manifest.known import known_keys
from catalog.manifest.remarks import WITHOUT_EFFECT
from catalog.manifest.schema import json_schema
from tests.catalog.manifests import SMALLEST, problems_of


def test_the_smallest_app_is_enough() -> None:
    manifest = parse(SMALLEST)

    assert manifest.probe == Probe(path="/", contains="Notice board")
    assert manifest.primary_port.number == 80
    assert (manifest.memory_mib, manifest.disk_mib, manifest.cpu) == (64, 128, 1.0)
    assert manifest.service.timeout == timedelta(minutes=15)
    assert manifest.live_probe == manifest.probe


FULL = (
    SMALLEST.replace("stateless = true", 'description = "README.md"')
    + """
[service.env]
TITLE = { param = "title" }
ADDRESS = { fact = "FAIRGROUND_ADDRESS" }
MODE = "board"
[[process]]
name = "web"
run = ["python3", "-m", "http.server"]
[data]
repo = "https://example.org/content.git"
target = "/srv/board"
every = "10m"
max_size = "1GiB"
[[param]]
id = "title"
label = "Title"
default = "Board"
[health.live]
tcp = 80
every = "90s"
[archive]
paths = ["/srv/board"]
before = "script/lock"
[upgrade]
run = "script/upgrade"
from = ["1.0"]
[[output]]
id = "password"
label = "Password"
secret = true
"""
)


def test_a_manifest_comes_back_from_json_as_it_was() -> None:
    manifest = parse(FULL)

    kept = json.loads(json.dumps(manifest.as_json()))

    assert Manifest.from_json(kept) == manifest
    assert kept["data"]["every"] == "10m"
    assert kept["upgrade"]["from"] == ["1.0"]


def test_paths_that_must_exist_are_known_by_key() -> None:
    paths = parse(FULL).repo_paths()

    assert paths["service.install"] == "script/install"
    assert paths["archive.before"] == "script/lock"
    assert paths["description"] == "README.md"


def test_the_regular_look_may_ask_in_another_way() -> None:
    assert parse(FULL).live_probe.tcp == 80
    assert parse(FULL).health.live.every == timedelta(seconds=90)


WRONG = {
    "an unknown key": ('tagline = "', 'tagligne = "', "tagligne", "did you mean 'tagline'?"),
    "an unknown key in a table": ("install =", "instal =", "service.instal", "did you mean 'install'?"),
    "a number instead of a size": ('"64MiB"', "64", "resources.memory", "MiB"),
    "too little memory": ('"64MiB"', '"1MiB"', "resources.memory", "from 16MiB to 64GiB"),
    "a path out of the repository": ("script/install", "../install", "service.install", "path"),
    "an absolute path": ("script/install", "/etc/passwd", "service.install", "path inside this repository"),
    "a path into .git": ("script/install", ".git/hooks/x", "service.install", "outside .git"),
    "an option instead of a path": ("script/install", "script/-rf", "service.install", "path"),
    "text instead of a number": ("number = 80", 'number = "80"', "port[#1].number", "whole number"),
    "our own ssh port": ("number = 80", "number = 22", "port[web].number", "the machine's own"),
    "no primary port": ("primary = true", "public = true", "port", "exactly one port"),
    "nothing to look for on the page": ('contains = "Notice board"', "", "health.ready", "contains or title"),
    "two ways to ask": ('path = "/"', 'path = "/"\ntcp = 80', "health.ready", "exactly one of"),
    "neither kept nor stateless": ("stateless = true", "", "archive", "or stateless = true"),
    "a slug with a capital": ("notice-board", "Notice", "id", "small letters"),
    "a date without quotes": ('"MIT"', "2026-01-01", "license", "in quotes"),
    "an invisible character": ("Notice board", "Notice\u202eboard", "name", "direction"),
    "a boolean in quotes": ("stateless = true", 'stateless = "yes"', "stateless", "true or false"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_problem_names_its_place_and_what_was_expected(case: str) -> None:
    old, new, key, expected = WRONG[case]

    problems = problems_of(SMALLEST.replace(old, new))

    assert any(problem.key == key and expected in problem.expected for problem in problems), problems
    assert all(problem.file == "fairground.toml" for problem in problems)


def test_all_problems_are_told_at_once() -> None:
    text = SMALLEST.replace('"64MiB"', "64").replace("number = 80", 'number = "80"').replace("license", "licence")

    assert {problem.key for problem in problems_of(text)} == {
        "resources.memory",
        "port[#1].number",
        "license",
        "licence",
    }


def test_an_error_says_what_stood_there() -> None:
    (problem,) = problems_of(SMALLEST.replace('"64MiB"', '"64 megabytes"'))

    assert str(problem).startswith("fairground.toml: resources.memory = '64 megabytes': expected a whole number")


@pytest.mark.parametrize(("text", "key", "word"), [("format = 2", "format", "newer"), ("[[role]]", "role", "reserved")])
def test_what_a_later_format_brings_is_refused_with_a_word(text: str, key: str, word: str) -> None:
    (problem,) = problems_of(text)

    assert problem.key == key
    assert word in problem.expected


@pytest.mark.parametrize(
    ("more", "key"),
    [('[[param]]\nid = "pin"\nlabel = "PIN"\nkeep = false', "param[pin].keep"),
     ('[requires]\nprivileges = ["nested-containers"]', "requires.privileges")],
)  # fmt: skip
def test_what_would_harm_whoever_relies_on_it_is_refused_until_it_is_true(more: str, key: str) -> None:
    (problem,) = problems_of(SMALLEST + more)

    assert problem.key == key
    assert "is reserved" in problem.expected


def test_a_key_without_effect_is_accepted_and_said_to_be_without() -> None:
    said = [str(remark) for remark in remarks(parse(FULL), FILE)]

    assert said == [
        "fairground.toml: upgrade: is accepted and has no effect yet: what runs stays at its version",
    ]


def test_a_key_that_says_what_is_so_anyway_is_no_remark() -> None:
    assert not remarks(parse(SMALLEST + "[mail]\nsends = false"), FILE)
    assert [remark.key for remark in remarks(parse(SMALLEST + "[mail]\nsends = true"), FILE)] == ["mail.sends"]


@pytest.mark.parametrize("key", WITHOUT_EFFECT)
def test_every_key_without_effect_is_a_key_of_the_format(key: str) -> None:
    *tables, name = key.split(".")

    assert name in known_keys(tables)


def test_keys_that_begin_with_x_are_left_alone() -> None:
    text = SMALLEST.replace("[service]", '[x-mine]\na = 1\n[service]\nx-why = "because"')

    assert parse(text) == parse(SMALLEST)


def param(lines: str) -> str:
    return SMALLEST + '[[param]]\nid = "mode"\nlabel = "Mode"\n' + lines


BAD_PARAMS = {
    "required = true": "a default, a generator, or ask",
    'type = "choice"': "choices go with",
    "min = 3\nmax = 2": "at most max",
    'default = "abcd"\nmax = 2': "too-long",
    'type = "secret"\ndefault = "abc"': "use generate",
    'when = { other = "x" }': "stands before",
    'pattern = "(a+"\npattern_error = "x"': "simple pattern",
    'pattern = "(?=a)b"\npattern_error = "x"': "simple pattern",
    'pattern = "a+"': "words for people",
    'type = "integer"\ngenerate = "hex"': "only text",
    "length = 12": "goes with generate",
}


@pytest.mark.parametrize("lines", BAD_PARAMS)
def test_a_parameter_that_makes_no_sense_is_refused(lines: str) -> None:
    assert any(BAD_PARAMS[lines] in problem.expected for problem in problems_of(param(lines)))


def test_a_launch_asks_at_most_three_questions() -> None:
    four = "".join(f'[[param]]\nid = "p{number}"\nlabel = "P"\nask = true\n' for number in range(4))

    assert [problem.key for problem in problems_of(SMALLEST + four)] == ["param"]


def test_two_of_one_name_are_told() -> None:
    twice = '[[output]]\nid = "x"\nlabel = "X"\n' * 2

    assert [problem.key for problem in problems_of(SMALLEST + twice)] == ["output[x]"]


@pytest.mark.parametrize(
    "name", ["PATH", "LD_PRELOAD", "BASH_ENV", "IFS", "GIT_SSH_COMMAND", "PYTHONPATH", "lower", "A-B"]
)
def test_a_name_that_means_something_to_the_system_is_refused(name: str) -> None:
    assert problems_of(SMALLEST + f'[service.env]\n{name} = "x"')


@pytest.mark.parametrize(
    "target", ["/", "/etc/cron.d", "/var/../etc", "/proc/1", "/var/lib/fairground/x", "var/www", "/var"]
)
def test_content_goes_nowhere_but_among_data(target: str) -> None:
    data = f'[data]\nrepo = "https://example.org/a.git"\ntarget = "{target}"\nevery = "10m"\n'

    assert [problem.key for problem in problems_of(SMALLEST + data)] == ["data.target"]


def test_editors_get_a_schema_of_what_is_known() -> None:
    schema = json_schema()

    assert schema["properties"]["format"]["const"] == 1
    assert schema["patternProperties"] == {"^x-": True}
    assert schema["$defs"]["Resources"]["properties"]["memory"]["examples"] == ["256MiB"]
