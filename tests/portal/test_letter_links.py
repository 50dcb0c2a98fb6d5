"""Programs that look for harm open every link of a mail: opening one must change nothing, whoever opens it."""

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urldefrag

import allauth
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.test import Client

from portal.mail.letters import Letter, letter
from portal.mail.samples import samples
from portal.models import User
from portal.pages.extension import link_to
from provisioning.models import Report
from tests.portal import scenes

pytestmark = pytest.mark.thorough

MAILS = Path("templates/mail")
LETTERS = sorted(str(path.relative_to(MAILS).with_suffix("")) for path in MAILS.rglob("*.md"))
NEVER_SENT = {"login_code", "password_reset_key"}
"""Of allauth's occasions: people sign in with a password, and choose a new one with a code."""
SESSIONS = "django_session"


def links(reader: User, at: datetime) -> set[str]:
    """Every address that a letter about real things of the reader's holds; none is without one."""
    there = list(scenes.fair(reader, at).values())
    event = there[0].event
    report = Report.objects.create(host=there[0].host, deployment=there[0], reason="trick", at=at)
    real = {"event": event, "deployment": there[0], "services": there, "report": report}
    told = samples(reader, at) | real | {"extend": link_to(reader, event)}
    written = [_in_letter(letter(name, told)) for name in LETTERS]
    assert all(written)
    return set().union(*written) - {there[0].url}


def _in_letter(written: Letter) -> set[str]:
    found = re.findall(r'href="([^"]*)"', written.html) + re.findall(r"https?://[^\s<>()]+", written.text)
    return {urldefrag(address.rstrip(".,;:")).url for address in found}


def everything() -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, but for sessions."""
    tables = set(connection.introspection.table_names()) - {SESSIONS}
    with connection.cursor() as cursor:
        return {table: _rows(cursor, table) for table in sorted(tables)}


def _rows(cursor: object, table: str) -> list[tuple[object, ...]]:
    cursor.execute(f'SELECT * FROM "{table}"')  # type: ignore[attr-defined]
    return sorted(cursor.fetchall(), key=repr)  # type: ignore[attr-defined]


def readers(owner: User) -> list[Client]:
    """Nobody; and the reader, who may also look behind the counter."""
    User.objects.filter(pk=owner.pk).update(is_staff=True, is_superuser=True)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    known = Client()
    known.force_login(User.objects.get(pk=owner.pk))
    return [Client(), known]


def test_opening_any_link_of_any_letter_changes_nothing(owner: User, now: datetime) -> None:
    addresses, clients = links(owner, now), readers(owner)
    before = everything()
    for address in sorted(addresses):
        assert address.startswith(settings.SITE_URL)
        for client in clients:
            path = address.removeprefix(settings.SITE_URL) or "/"
            assert client.get(path, follow=True).status_code == 200
            assert client.head(path, follow=True).status_code == 200
    assert everything() == before


def test_every_occasion_on_which_the_accounts_write_has_its_letter() -> None:
    occasions = {
        path.name.removesuffix("_subject.txt") for path in Path(allauth.__path__[0]).rglob("email/*_subject.txt")
    }
    assert occasions - {name.removeprefix("account/") for name in LETTERS} == NEVER_SENT
