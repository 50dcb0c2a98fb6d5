"""An address with a NUL in it is refused before anything looks for what it names: PostgreSQL takes none in a text."""

import asyncio

import pytest
from django.conf import settings
from django.test import AsyncClient, Client

from catalog.models import Wish
from portal.models import User
from tests.makers import make_release

OF_VISITORS = ["/apps?q=%00", "/apps?a%00=b", "/apps?q=a&for=%00", "/apps/%00", "/join/AB%00CDE", "/invited/%00"]
OF_OTHERS = [
    "/door/%00.apps.localhost",
    "/extend/%00",
    "/machines/%00/host-key",
    "/static/%00",
    "/api/v1/services/%00",
]
OF_PEOPLE = ["/events/%00", "/services/%00", "/services/%00/live", "/services/new?app=%00", "/copies?page=%00"]
BEHIND_THE_COUNTER = ["/desk/people?q=%00", "/desk/events?q=%00", "/admin/portal/user/?q=%00"]


@pytest.mark.parametrize("path", OF_VISITORS + OF_OTHERS)
def test_a_nul_in_an_address_is_refused_in_words_of_the_house(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "We cannot read that" in answer.content.decode()) == (400, True)


@pytest.mark.parametrize("path", OF_PEOPLE + BEHIND_THE_COUNTER)
def test_it_is_refused_to_whoever_is_signed_in_too(desk: Client, path: str) -> None:
    assert desk.get(path).status_code == 400
    assert desk.post(path).status_code == 400


@pytest.mark.parametrize("path", ["/apps?q=%2500", "/apps?q=100%25", "/apps?q=%E2%90%80", "/apps?q=%"])
def test_what_only_looks_like_one_is_answered(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 200


def test_it_is_refused_by_an_asynchronous_server_in_the_readers_language() -> None:
    answer = asyncio.run(AsyncClient().get("/events/%00", headers={"Accept-Language": "de"}))
    assert (answer.status_code, '<html lang="de">' in answer.content.decode()) == (400, True)


def test_the_page_asks_the_database_nothing(client: Client) -> None:
    assert client.get("/events/%00").status_code == 400


def test_a_name_that_is_not_ours_is_answered_in_the_same_words(client: Client, db: None) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, "We cannot read that" in answer.content.decode()) == (400, True)


def test_a_wish_with_a_nul_is_one_without(visit: Client, owner: User) -> None:
    make_release()
    assert visit.post("/wish", {"q": "a\0b"}).status_code == 302
    assert Wish.objects.get(by=owner).words == "a b"


def test_a_nul_in_a_cookie_is_refused_too(client: Client) -> None:
    quoted = "\\000" * 8
    cookie = f'{settings.SESSION_COOKIE_NAME}="{quoted}"'
    assert client.get("/home", headers={"Cookie": cookie}).status_code == 400
