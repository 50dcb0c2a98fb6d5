"""German is whole: every sentence is translated, rightly compiled, and no page has English left on it."""

import gettext
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from portal.mail.letters import letter
from portal.mail.samples import samples
from portal.models import User
from tests.needs import program
from tests.portal.german import english, forbidden
from tests.portal.site import fill, fill_desk

pytestmark = pytest.mark.thorough

CATALOGUE = Path("portal/locale/de/LC_MESSAGES")
LETTERS = sorted(
    str(path.relative_to("templates/mail").with_suffix("")) for path in Path("templates/mail").rglob("*.md")
)
KEPT = re.compile(r"%\(\w+\)[a-z]|\]\([^)]*\)|</?\w+>|EMAIL_URL|MAIL_FROM")
"""What a translation takes over as it is: places for values, where links lead, tags, names of settings."""
TOO_NEAR = re.compile(r"\b(du|dir|dich|dein\w*|ihr habt|euch|euer)\b|[“”]\w|\w”", re.IGNORECASE)
"""Readers are "Sie"; German quotes are „ and “."""
OTHERS = {"mailbox", "out-api"}
"""A page with somebody's mail on it, and one with the names of the interface for programs."""


def sentences() -> Iterator[tuple[str, str]]:
    """Every sentence of the compiled catalogue, with its translation."""
    with (CATALOGUE / "django.mo").open("rb") as file:
        known: dict[str | tuple[str, int], str] = vars(gettext.GNUTranslations(file))["_catalog"]
    for said, translated in known.items():
        if said:
            yield (said[0] if isinstance(said, tuple) else said), translated


@pytest.mark.gettext
def test_every_sentence_is_translated(settings: Settings, tmp_path: Path) -> None:
    lacking = program("msgattrib")
    to = tmp_path / "de" / "LC_MESSAGES"
    shutil.copytree(CATALOGUE, to)
    settings.LOCALE_PATHS = [tmp_path]
    call_command("makemessages", locale=["de"], verbosity=0)
    untold = [lacking, "--no-wrap", "--untranslated", str(to / "django.po")]
    found = subprocess.run(untold, capture_output=True, text=True, check=True)
    assert re.findall(r'^msgid "(.+)"', found.stdout, re.MULTILINE) == []
    assert "#, fuzzy" not in (to / "django.po").read_text()


@pytest.mark.gettext
def test_what_is_compiled_is_what_was_translated(tmp_path: Path) -> None:
    subprocess.run([program("msgfmt"), "-c", "-o", tmp_path / "new.mo", CATALOGUE / "django.po"], check=True)
    new, old = ((folder / name).read_bytes() for folder, name in ((tmp_path, "new.mo"), (CATALOGUE, "django.mo")))
    assert new == old, "compile it: CONTRIBUTING.md, Languages"


def test_every_translation_keeps_places_links_and_tags() -> None:
    lost = [said for said, german in sentences() if not set(KEPT.findall(said)) <= set(KEPT.findall(german))]
    assert lost == []


def test_every_translation_speaks_as_all_do() -> None:
    assert [german for _, german in sentences() if TOO_NEAR.search(german) or forbidden(german)] == []


@pytest.mark.parametrize("name", LETTERS)
def test_no_mail_in_german_has_english_left(db: None, name: str) -> None:
    reader = User(email="weber@example.org", first_name="Frau Weber", language="de")
    with override("de"):
        mail = letter(name, samples(reader, timezone.now()))
    assert english(mail.subject) + english(mail.text) + forbidden(mail.text) == []


@pytest.mark.parametrize("filled", [fill, fill_desk])
def test_no_page_in_german_has_english_left_or_speaks_like_a_machine(
    client: Client, db: None, filled: Callable[[], tuple[dict[str, str], str]]
) -> None:
    pages, session = filled()
    left = {}
    for name in pages.keys() - OTHERS:
        client.cookies.clear()
        if not name.startswith("out-"):
            client.cookies[settings.SESSION_COOKIE_NAME] = session
        page = client.get(pages[name], follow=True, headers={"Accept-Language": "de"}).content.decode()
        if found := english(page) + forbidden(page):
            left[name] = found
    assert left == {}
