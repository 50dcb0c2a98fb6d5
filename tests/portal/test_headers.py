"""What every answer says to the browser, and that no page needs more than that."""

import re
from datetime import datetime
from html.parser import HTMLParser

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal.models import User
from tests.makers import make_event, make_release
from tests.portal.scenes import SCENES

EVENTS = re.compile(r"^on[a-z]+$")


class Inline(HTMLParser):
    """Notes scripts, styles and handlers that stand in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given) or "style" in given:
            self.found.append(f"<{tag}> {given}")
        self.found += [f"{tag} {name}" for name in given if EVENTS.match(name)]
        self.found += [f"{tag} {value}" for value in given.values() if (value or "").startswith("javascript:")]


def inline(page: str) -> list[str]:
    parser = Inline()
    parser.feed(page)
    return parser.found


def test_only_our_own_files_may_run_or_dress_a_page(client: Client, db: None) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_desk_behind_the_counter_alone_has_a_looser_policy(client: Client, staff: User) -> None:
    client.force_login(staff)
    assert "'unsafe-inline'" in client.get("/admin/").headers["Content-Security-Policy"]
    assert "unsafe" not in client.get("/administration").headers["Content-Security-Policy"]


def test_no_page_of_somebody_is_kept_by_a_browser(visit: Client) -> None:
    assert visit.get("/home").headers["Cache-Control"] == "no-store, private"


def test_pages_of_nobody_set_no_cookie(client: Client, db: None) -> None:
    assert not client.get("/apps").cookies


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "same-origin"),
        ("X-Frame-Options", "DENY"),
    ],
)
def test_every_page_keeps_others_out(client: Client, db: None, header: str, value: str) -> None:
    assert client.get("/").headers[header] == value


def test_static_files_may_dress_the_front_doors_pages_too(client: Client, db: None) -> None:
    assert client.get("/static/site.css").headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_no_page_of_a_service_holds_anything_inline(visit: Client, owner: User, scene: str, now: datetime) -> None:
    deployment = SCENES[scene](make_event(owner, at=now), at=now)
    assert inline(visit.get(f"/services/{deployment.key}").content.decode()) == []
    assert inline(visit.get(f"/door/{deployment.host}").content.decode()) == []


@pytest.mark.parametrize(
    "path",
    ["/", "/apps", "/home", "/me", "/mailbox", "/nothing", "/accounts/password/change/", "/accounts/password/reset/"],
)
def test_no_other_page_holds_anything_inline(visit: Client, path: str) -> None:
    assert inline(visit.get(path).content.decode()) == []


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/"])
def test_no_page_of_the_entrance_holds_anything_inline(client: Client, db: None, path: str) -> None:
    assert inline(client.get(path).content.decode()) == []


def test_the_launch_form_holds_nothing_inline_and_is_light(visit: Client) -> None:
    page = visit.get(f"/services/new?app={make_release().app.slug}", follow=True).content
    assert inline(page.decode()) == []
    assert len(page) < 20_000


def test_a_page_about_nothing_asks_the_database_nothing(
    visit: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert "There is nothing at this address" in visit.get("/nothing").content.decode()
