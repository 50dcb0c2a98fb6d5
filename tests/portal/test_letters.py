"""Letters: one source, two bodies; what people have typed can do nothing in them."""

from pathlib import Path

import pytest

from portal.mail.letters import letter
from portal.templatetags.letters import plain

pytestmark = pytest.mark.django_db
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


def test_links_are_readable_in_plain_text() -> None:
    text = letter("account/account_already_exists", {"code": ""}).text
    assert "sign in: http://localhost:8000/accounts/login/" in text
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
    ],
)
def test_what_was_typed_neither_formats_nor_leads_anywhere(typed: str, said: str) -> None:
    assert plain(typed) == said
