"""Joining with a code: for whoever is signed in, has an account, or has none; by each rule of the house."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from portal.models import User
from portal.people import joining
from provisioning.models import Event, House, JoiningCode, Membership, SignUp
from tests.makers import make_event
from tests.portal.test_accounts import PASSWORD, anna, code, is_in, sign_up

__all__ = ["anna"]


@pytest.fixture
def event(owner: User, now: datetime) -> Event:
    """An event whose organiser has a name."""
    User.objects.filter(pk=owner.pk).update(first_name="Ms Weber")
    return make_event(owner, at=now)


@pytest.fixture
def joins(event: Event, owner: User, now: datetime) -> str:
    """Where its code leads."""
    return f"/join/{event.renew_code(by=owner, at=now)}"


def members(event: Event) -> dict[str, str]:
    return {one.person.email: one.called for one in Membership.objects.filter(event=event).select_related("person")}


def rule(sign_up: str) -> None:
    House.objects.update_or_create(pk=1, defaults={"sign_up": sign_up, "mail_domains": "school.example"})


def test_looking_at_a_code_changes_nothing(client: Client, event: Event, joins: str, stranger: User) -> None:
    client.force_login(stranger)
    page = client.get(joins).content.decode()
    assert "Join Spring Fair" in page
    assert "Organised by Ms Weber." in page
    assert len(members(event)) == 1


def test_one_press_joins_under_the_name_that_was_chosen(
    client: Client, event: Event, joins: str, stranger: User
) -> None:
    client.force_login(stranger)
    for _ in range(2):
        answer = client.post(joins, {"name": "Stella"})
        assert answer.headers["Location"] == f"/events/{event.key}"
    assert members(event)[stranger.email] == "Stella"
    assert b"Spring Fair" in client.get("/home").content


def test_somebody_without_an_account_makes_one_and_lands_in_the_event(client: Client, event: Event, joins: str) -> None:
    assert client.post(joins, {"name": "Annie"}).headers["Location"] == "/accounts/signup/"
    assert b'value="Annie"' in client.get("/accounts/signup/").content
    sign_up(client)
    answer = client.post("/accounts/confirm-email/", {"code": code()})
    assert answer.headers["Location"] == f"/events/{event.key}"
    assert members(event)["anna@example.org"] == "Annie"


def test_somebody_with_an_account_signs_in_and_lands_in_the_event(
    client: Client, event: Event, joins: str, anna: User
) -> None:
    assert client.post(joins, {"sign-in": "yes"}).headers["Location"] == "/accounts/login/"
    answer = client.post("/accounts/login/", {"login": anna.email, "password": PASSWORD})
    assert answer.headers["Location"] == f"/events/{event.key}"
    assert anna.email in members(event)


def test_a_press_is_forgotten_before_somebody_else_signs_in_at_the_same_browser(
    client: Client, event: Event, joins: str, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(joins, {"name": "Bert"})
    monkeypatch.setattr(joining, "GOOD_FOR", timedelta(0))
    client.post("/accounts/login/", {"login": anna.email, "password": PASSWORD})
    assert is_in(client)
    assert anna.email not in members(event)


def test_a_code_that_was_renewed_meanwhile_lets_nobody_in(
    client: Client, event: Event, joins: str, owner: User, anna: User, now: datetime
) -> None:
    client.post(joins, {"name": "Anna"})
    event.renew_code(by=owner, at=now)
    answer = client.post("/accounts/login/", {"login": anna.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/home"
    assert anna.email not in members(event)


def test_where_one_needs_an_invitation_a_joining_code_is_one(client: Client, event: Event, joins: str) -> None:
    rule(SignUp.INVITATION)
    assert b"You need an invitation" in client.get("/accounts/signup/").content
    client.post(joins, {"name": "Anna"})
    sign_up(client)
    client.post("/accounts/confirm-email/", {"code": code()})
    assert "anna@example.org" in members(event)


@pytest.mark.parametrize("way", [SignUp.CLOSED, SignUp.DOMAIN, SignUp.APPROVAL])
def test_by_any_other_rule_a_joining_code_opens_no_door(client: Client, event: Event, joins: str, way: str) -> None:
    rule(way)
    client.post(joins, {"name": "Anna"})
    sign_up(client)
    if way == SignUp.APPROVAL:  # an account that waits
        client.post("/accounts/confirm-email/", {"code": code()})
    assert User.objects.filter(email="anna@example.org").exists() == (way == SignUp.APPROVAL)
    assert not is_in(client)
    assert len(members(event)) == 1


def test_a_wrong_code_says_so_and_keeps_what_was_typed(client: Client, db: None) -> None:
    answer = client.get("/join/zzz-zzz")
    assert answer.status_code == 404
    assert "ask the organiser" in answer.content.decode()
    assert 'value="zzz-zzz"' in answer.content.decode()


def test_an_old_code_says_whom_to_ask(client: Client, event: Event, joins: str, owner: User, now: datetime) -> None:
    event.end_code(by=owner, at=now)
    answer = client.get(joins)
    assert answer.status_code == 410
    assert "Ask Ms Weber, who can give you the new one." in answer.content.decode()
    assert client.post(joins, {"name": "x"}).status_code == 410


def test_the_code_of_an_event_that_is_over_says_so(client: Client, event: Event, joins: str, now: datetime) -> None:
    Event.objects.update(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1))
    answer = client.get(joins)
    assert (answer.status_code, b"Spring Fair is over" in answer.content) == (410, True)


def test_an_event_that_is_full_says_so(client: Client, event: Event, joins: str, stranger: User) -> None:
    Event.objects.update(most_people=1)
    client.force_login(stranger)
    for answer in (client.get(joins), client.post(joins, {"name": "Stella"})):
        assert (answer.status_code, b"Spring Fair is full" in answer.content) == (409, True)


def test_whoever_takes_part_already_is_led_to_the_event(visit: Client, event: Event, joins: str) -> None:
    assert visit.get(joins).headers["Location"] == f"/events/{event.key}"


@pytest.mark.parametrize("spell", [str.lower, lambda code: f"{code[:3]}-{code[3:]}", lambda code: f" {code} "])
def test_a_code_is_read_as_people_type_it(client: Client, event: Event, joins: str, spell: object) -> None:
    typed = spell(JoiningCode.objects.get().code)  # type: ignore[operator]
    answer = client.get("/join", {"code": typed}, follow=True)
    assert "Join Spring Fair" in answer.content.decode()


def test_whoever_tries_many_codes_learns_nothing_any_more(
    client: Client, event: Event, joins: str, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"join": "3/h/ip"}
    for _ in range(5):
        assert client.get(joins).status_code == 200
    tried = [client.get(f"/join/AAAAA{letter}").status_code for letter in "ABCD"]
    assert tried == [404, 404, 404, 429]
    assert client.get(joins).status_code == 429


def test_the_front_page_asks_for_a_code(client: Client, db: None) -> None:
    assert 'action="/join"' in client.get("/").content.decode()
    assert "Which code do you have?" in client.get("/join").content.decode()


def test_joining_asks_the_database_as_often_for_many_as_for_one(
    client: Client, event: Event, joins: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 20):
        people = User.objects.bulk_create(User(email=f"{count}-{n}@example.org") for n in range(count))
        for person in people:
            event.take_in(person, at=event.created_at)
        with django_assert_max_num_queries(4):
            client.get(joins)
