"""Every word for people is marked for translation: in templates, and where code says whole sentences."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, Token, TokenType

TEMPLATES = sorted(path for path in Path("templates").rglob("*") if path.is_file())
CODE = sorted([*Path("portal").rglob("*.py"), Path("provisioning/admin.py"), Path("catalog/admin.py")])
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}")
READ_OUT = {"alt", "title", "aria-label", "placeholder", "data-said", "label"}
"""Attributes whose value a person reads or hears."""
SAME = {"narrow", "MB", "PM"}
"""What needs no translation: a class of the frame's block `width`, a unit, a part of a code."""
UNREAD = ("script", "style", "code")
TARGET = re.compile(r"\]\([^)]*\)")
"""Where a link of a mail leads."""

SENTENCE = re.compile(r"(?:[A-Z]|%\()[^(|]*[a-z)]{2,}[,;:]? \S*[A-Za-z]{2,}.*", re.DOTALL)
MARKS = {"_", "_now", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "npgettext"}
LOGGED = {"debug", "info", "warning", "error", "exception", "CheckConstraint"}
NOT_FOR_PEOPLE = {"commands", "migrations", "settings.py", "metrics.py", "watch.py", "log_lines.py"}
"""What speaks to whoever runs the house, at a terminal or to a monitor."""


class Bare(HTMLParser):
    """Notes the words of a page that stand in the template itself."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in UNREAD
        for name, value in attrs:
            if name in READ_OUT:
                self.handle_data(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.words += [word for word in WORD.findall(data) if word not in SAME]


def bare_words(source: str) -> list[str]:
    """The words outside of all that is marked."""
    parser = Bare()
    parser.feed(TARGET.sub("", "".join(outside(Lexer(source).tokenize()))))
    parser.close()
    return parser.words


def outside(tokens: list[Token]) -> Iterator[str]:
    """What a template holds besides its tags and what is marked."""
    end = ""
    for token in tokens:
        tag = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
        if end and tag == end:
            end = ""
        elif tag in ("blocktranslate", "comment"):
            end = f"end{tag}"
        elif not end:
            yield token.contents if token.token_type == TokenType.TEXT else "·"


def unmarked(tree: ast.Module) -> Iterator[str]:
    """Sentences that are neither marked nor told to programmers, operators or the database."""
    passed = {id(part) for node in ast.walk(tree) if is_passed(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from (ast.unparse(part) for part in ast.walk(node) if is_marked(part))  # gettext does not look there
        elif isinstance(node, ast.Constant) and id(node) not in passed and SENTENCE.fullmatch(str(node.value)):
            yield str(node.value)


def is_marked(node: ast.AST) -> bool:
    """A call of gettext."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS


def is_passed(node: ast.AST) -> bool:
    """Marked, a docstring, raised, logged."""
    if isinstance(node, ast.Call):
        return is_marked(node) or getattr(node.func, "attr", getattr(node.func, "id", "")) in LOGGED
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_docstring or isinstance(node, ast.Raise | ast.Assert)


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_word_of_a_template_is_bare(path: Path) -> None:
    assert bare_words(path.read_text()) == []


@pytest.mark.parametrize("path", [path for path in CODE if not NOT_FOR_PEOPLE & {*path.parts, path.name}], ids=str)
def test_no_sentence_in_code_is_unmarked(path: Path) -> None:
    assert list(unmarked(ast.parse(path.read_text()))) == []
