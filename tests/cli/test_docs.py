"""What the documents say about the command line and the settings: all of it, and so that it can be pasted."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.__main__ import _parser
from cli.home import CHECKOUT

PAGES = {path.name: path.read_text() for path in [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md")]}
READ = "\n".join(text for name, text in PAGES.items() if name != "CHANGELOG.md")
SELDOM = [
    "FAIRGROUND_HOME",
    "FAIRGROUND_RUN",
    "FAIRGROUND_ALLOWED_RANGES",
    "FAIRGROUND_REFUSED_RANGES",
    "HOUSE_TIME_ZONE",
    "HOUSE_LANGUAGE",
    "MACHINES_AT_ONCE",
    "SERVICES_PER_PERSON",
    "LONGEST_EVENT_DAYS",
]


def options() -> set[str]:
    (commands,) = [one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction)]
    given = [one for command in commands.choices.values() for one in command._actions]
    return {name for one in given for name in one.option_strings} - {"-h", "--help"}


@pytest.mark.parametrize("name", sorted(options() | set(SELDOM)))
def test_an_option_or_a_setting_stands_in_some_document(name: str) -> None:
    assert re.search(rf"(?<![\w-]){name}(?![\w-])", READ)


def settings_of(page: str) -> list[str]:
    """Lines NAME=value of its blocks of code."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match("[A-Z_]+=", line) and "./fairground" not in line]


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if settings_of(page)])
def test_settings_of_a_document_can_be_pasted_as_they_stand(name: str, tmp_path: Path) -> None:
    (tmp_path / "fairground.env").write_text("\n".join(settings_of(PAGES[name])))
    env = {key: text for key, text in os.environ.items() if key != "EMAIL_URL"} | {"FAIRGROUND_HOME": str(tmp_path)}
    words = [sys.executable, "-c", "import portal.settings"]
    done = subprocess.run(words, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_python_is_called_where_its_packages_are() -> None:
    called = re.findall(r"^.*\bpython (?:-m|manage\.py).*$", PAGES["CONTRIBUTING.md"], re.MULTILINE)
    assert [line for line in called if not line.startswith(".venv/bin/python ")] == []
