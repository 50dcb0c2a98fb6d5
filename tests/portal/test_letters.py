"""Letters: one source, two bodies; what people have typed can do nothing in them."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from portal.forms import MAY_BE_OFF
from portal.mail.letters import letter
from portal.mail.samples import samples
from portal.models import User
from portal.templatetags.letters import plain

pytestmark = pytest.mark.django_db
LETTERS = sorted(
    str(path.relative_to("templates/mail").with_suffix("")) for path in Path("templates/mail").rglob("*.md")
)
ACCOUNT = sorted(path.stem for path in Path("templates/mail/account").glob("*.md"))


@pytest.mark.parametrize("name", ACCOUNT)
def test_every_letter_about_an_account_has_a_subject_and_two_bodies(name: str) -> None:
    written = letter(f"account/{name}", {"code": "482915"})
    assert written.subject
    assert "\n" not in written.subject
    assert written.text.startswith("Hello,")
    assert "<p" in written.html
    assert "http://localhost:8000" in written.html


def test_the_code_stands_in_subject_text_and_html() -> None:
    written = letter("account/email_confirmation_signup", {"code": "482915"})
    assert written.subject.startswith("482915")
    assert "\n482915\n" in written.text
    assert ">482915</h1>" in written.html


@pytest.mark.timeout(30)
def test_a_long_word_is_made_plain_as_quickly_as_others() -> None:
    assert plain("a-" * 100_000) == r"a\-" * 100_000


def test_links_are_readable_in_plain_text() -> None:
    text = letter("account/account_already_exists", {"code": ""}).text
    assert "sign in <http://localhost:8000/accounts/login/>, or" in text
    assert "](" not in text


def test_a_letter_needs_nothing_from_outside() -> None:
    html = letter("account/email_confirmation_signup", {"code": "482915"}).html
    assert "<img" not in html
    assert "<link" not in html
    assert "<script" not in html
    assert 'style="' in html


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("**Fair** & <b>", r"\*\*Fair\*\* \& \<b\>"),
        ("two\nlines", "two lines"),
        ("free coins at https://evil.example/x now", "free coins at … now"),
        ("[here](javascript:alert(1))", r"\[here\]\(javascript\:alert\(1\)\)"),
        ("www.evil.example", "…"),
        ("\u202egnp.fair", r"gnp\.fair"),
        ("\u05d9\u05e8\u05d9\u05d3", "\u2068\u05d9\u05e8\u05d9\u05d3\u2069"),
    ],
)
def test_what_was_typed_neither_formats_nor_leads_anywhere(typed: str, said: str) -> None:
    assert plain(typed) == said


@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_tells_all_that_it_means_to(name: str, now: datetime) -> None:
    written = letter(name, samples(User(pk=1, email="anna@example.org", first_name="Anna"), now))
    assert written.subject
    assert written.name == name
    for body in (written.subject, written.text):
        assert not re.search(r"  |None|\{\{|\[.*\]\(| [,.:]( |$)", body), body


def test_one_link_of_a_letter_is_what_one_will_mostly_want_to_press(now: datetime) -> None:
    html = letter("warning", samples(User(pk=1, email="anna@example.org"), now)).html
    (button,) = re.findall(r'<a class="main"[^>]*>([^<]*)</a>', html)
    assert button.startswith("Extend to ")
    assert "background: #f2b33d" in html


def test_letters_that_one_may_do_without_say_where(now: datetime) -> None:
    told = samples(User(pk=1, email="anna@example.org"), now)
    assert {name for name in LETTERS if "/me#mails" in letter(name, told).html} == set(MAY_BE_OFF)
