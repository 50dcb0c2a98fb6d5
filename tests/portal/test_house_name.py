"""The house's own name, as its administrators chose it, wherever the portal speaks of itself."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import strip_tags

from portal.mail.letters import letter
from provisioning.models import House

SAYS = re.compile(r"\bFairground\b")


@pytest.mark.parametrize(
    "path", ["/", "/apps", "/privacy", "/accounts/login/", "/accounts/signup/", "/door/x.localhost"]
)
def test_a_house_with_a_name_of_its_own_says_no_other(client: Client, db: None, path: str) -> None:
    House.objects.create(name="Linden & Co", sign_up="open")
    page = client.get(path).content.decode()
    assert SAYS.findall(strip_tags(page)) == []
    assert "Linden &amp; Co" in page or path.startswith("/door")


def test_without_a_name_it_is_called_fairground(client: Client, db: None) -> None:
    assert "<title>" in (page := client.get("/apps").content.decode())
    assert "Apps · Fairground" in " ".join(page.split())


def test_mails_say_it_and_format_nothing_with_it(db: None) -> None:
    House.objects.create(name="**Linden** [x](http://evil.example)")
    mail = letter("account/password_reset", {})
    assert "Fairground" not in mail.text + mail.html
    assert "**Linden**" in mail.subject
    assert 'href="http://evil.example' not in mail.html


def test_a_new_name_is_said_at_once(desk: Client) -> None:
    desk.get("/apps")
    kept = {"nightly_copies": 3, "mails_kept_days": 30, "logs_kept_days": 90, "names_kept_days": 365}
    desk.post("/desk/settings", {"name": "Linden Fair"} | kept)
    assert "Linden Fair" in desk.get("/apps").content.decode()


def test_pages_about_what_is_not_there_say_it_without_asking_the_database(desk: Client) -> None:
    House.objects.create(name="Linden Fair")
    desk.get("/apps")
    assert "Linden Fair" in desk.get("/nothing").content.decode()


def test_no_template_names_the_house_by_itself() -> None:
    comment = re.compile(r"{#.*?#}", re.DOTALL)
    found = [str(path) for path in Path("templates").rglob("*.*") if SAYS.search(comment.sub("", path.read_text()))]
    assert found == []
