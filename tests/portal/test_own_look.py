"""Every page that allauth could show is ours: its template, its words, its letters."""

import re
from collections.abc import Iterator
from pathlib import Path

import allauth
import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.html import strip_tags

from portal.models import User
from tests.portal.test_accounts import PASSWORD, is_in
from tests.portal.test_headers import inline
from tests.portal.test_words import FORBIDDEN
from tests.portal.ways import give_all_ways

LIBRARY = Path(allauth.__file__).parent
PARTS = [LIBRARY / part for part in ("account", "mfa", "socialaccount")]
NOT_HERE = {"login_code", "email_confirm", "password_reset_key", "password_reset"}
"""Letters of ways in that this house does not have."""

STAND_ELSEWHERE = {
    "mfa/index.html": "/accounts/ways/",
    "mfa/webauthn/authenticator_list.html": "/accounts/ways/webauthn/",
    "account/confirm_login_code.html": "/accounts/login/code/confirm/",
}
"""What they show stands on the page about oneself, or is a way in that this house does not have."""


def views(resolver: URLResolver) -> Iterator[type]:
    """All views of allauth that an address leads to, and ours that build on them."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from views(one)
        elif isinstance(one, URLPattern) and is_allauths(view := getattr(one.callback, "view_class", object)):
            yield view


def is_allauths(view: type) -> bool:
    return any(base.__module__.startswith("allauth.") for base in view.__mro__)


def templates() -> set[str]:
    """What these views show."""
    return {name for view in views(get_resolver()) if (name := getattr(view, "template_name", None))}


def letters() -> set[str]:
    """What allauth would write about, as its code names it."""
    code = "".join(path.read_text() for part in PARTS for path in part.rglob("*.py"))
    return set(re.findall(r'"(?:account|mfa|socialaccount)/email/(\w+)"', code))


@pytest.mark.parametrize("name", sorted(templates() - set(STAND_ELSEWHERE)))
def test_every_page_of_an_account_is_ours(name: str) -> None:
    origin = get_template(name).origin.name  # type: ignore[attr-defined]
    assert Path(origin).is_relative_to(settings.BASE_DIR / "templates")


@pytest.mark.parametrize("path", STAND_ELSEWHERE.values())
def test_what_stands_elsewhere_is_not_shown_at_all(visit: Client, path: str) -> None:
    assert visit.get(path).headers["Location"] in ("/me", "/accounts/login/", "/home")


@pytest.mark.parametrize("name", ["base", "socialaccount/authentication_error"])
def test_so_are_those_that_no_view_names(name: str) -> None:
    assert Path(get_template(f"{name}.html").origin.name).is_relative_to(settings.BASE_DIR)  # type: ignore[attr-defined]


def test_every_letter_that_allauth_may_write_is_ours() -> None:
    ours = {path.stem for path in Path("templates/mail/account").glob("*.md")}
    assert letters() - ours - NOT_HERE == set()


def test_the_second_step_holds_nothing_inline_and_speaks_like_a_person(client: Client, owner: User) -> None:
    owner.set_password(PASSWORD)
    owner.save()
    owner.emailaddress_set.create(email=owner.email, verified=True, primary=True)  # type: ignore[attr-defined]
    give_all_ways(owner)
    client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    page = client.get("/accounts/ways/authenticate/").content.decode()
    assert not is_in(client)
    assert "Use a passkey" in page
    assert (inline(page), FORBIDDEN.findall(strip_tags(page))) == ([], [])
