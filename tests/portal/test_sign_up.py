"""Who may make an account: by each rule of the house, what the door says, and that looking changes nothing."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import Deed, Invitation, User
from portal.people.accounts import let_in
from provisioning.models import House, Mail, SignUp
from tests.portal.test_accounts import code, is_in, sign_up

CONTACT = "Ms Weber, room 12"


def rule(sign_up: str, **columns: str) -> None:
    House.objects.update_or_create(pk=1, defaults={"sign_up": sign_up, "contact": CONTACT} | columns)


def invitation(now: datetime, **columns: object) -> Invitation:
    return Invitation.objects.create(**({"until": now + timedelta(days=1), "created_at": now} | columns))


def type_code(client: Client) -> str:
    return client.post("/accounts/confirm-email/", {"code": code()}).headers["Location"]


@pytest.mark.parametrize("way", [SignUp.CLOSED, SignUp.INVITATION])
def test_a_shut_door_says_whom_to_ask_and_lets_nobody_in(client: Client, db: None, way: str) -> None:
    rule(way)
    page = client.get("/accounts/signup/").content.decode()
    assert CONTACT in page
    assert 'name="password1"' not in page
    sign_up(client)
    assert not User.objects.exists()


def test_elsewhere_than_on_this_computer_one_needs_an_invitation(client: Client, db: None, settings: Settings) -> None:
    assert b"password1" in client.get("/accounts/signup/").content
    settings.IS_LOOPBACK = False
    assert b"You need an invitation" in client.get("/accounts/signup/").content


def test_looking_at_an_invitation_changes_nothing(client: Client, now: datetime, db: None) -> None:
    rule(SignUp.INVITATION)
    one = invitation(now)
    before = dict(client.session)
    assert b"You are invited" in client.get(f"/invited/{one.code}").content
    one.refresh_from_db()
    assert (one.used, dict(client.session)) == (0, before)
    assert b"You need an invitation" in client.get("/accounts/signup/").content


@pytest.mark.parametrize("way", [SignUp.INVITATION, SignUp.APPROVAL, SignUp.DOMAIN])
def test_an_invitation_lets_somebody_in_by_any_rule(client: Client, now: datetime, db: None, way: str) -> None:
    rule(way, mail_domains="school.example")
    one = invitation(now)
    client.post(f"/invited/{one.code}")
    sign_up(client)
    type_code(client)
    one.refresh_from_db()
    assert is_in(client)
    assert one.used == 1


def test_an_invitation_for_one_lets_the_second_one_ask(client: Client, now: datetime, db: None) -> None:
    rule(SignUp.INVITATION)
    one, other = invitation(now), Client()
    client.post(f"/invited/{one.code}")
    other.post(f"/invited/{one.code}")
    sign_up(client)
    sign_up(other, email="bert@example.org")
    assert [person.email for person in User.objects.all()] == ["anna@example.org"]
    assert client.get(f"/invited/{one.code}").status_code == 404


@pytest.mark.parametrize("columns", [{"used": 1}, {"until": datetime.fromisoformat("2020-01-01T00:00:00+00:00")}])
def test_an_invitation_that_is_over_opens_nothing(
    client: Client, now: datetime, db: None, columns: dict[str, object]
) -> None:
    rule(SignUp.INVITATION)
    one = invitation(now, **columns)
    assert client.post(f"/invited/{one.code}").status_code == 404
    assert CONTACT in client.get("/invited/never-was").content.decode()
    assert b"You need an invitation" in client.get("/accounts/signup/").content


def test_a_closed_house_has_no_invitations(client: Client, now: datetime, db: None) -> None:
    one = invitation(now)
    client.post(f"/invited/{one.code}")
    rule(SignUp.CLOSED)
    sign_up(client)
    assert not User.objects.exists()


def test_only_mail_addresses_of_ours_make_accounts_where_that_is_the_rule(client: Client, db: None) -> None:
    rule(SignUp.DOMAIN, mail_domains="@School.example, other.example")
    answer = client.post("/accounts/signup/", {"email": "a@evil-school.example", "password1": "a long way to go"})
    assert "for mail addresses at school.example, other.example" in answer.content.decode()
    sign_up(client, email="anna@SCHOOL.example")
    assert User.objects.get().email == "anna@school.example"


def test_who_needs_a_yes_waits_with_a_proven_address_and_admins_are_told_once(
    client: Client, db: None, staff: User
) -> None:
    User.objects.update(is_superuser=True)
    rule(SignUp.APPROVAL)
    sign_up(client)
    assert type_code(client) == "/accounts/waits"
    client.post("/accounts/login/", {"login": "anna@example.org", "password": "a long way to the fair"})
    assert not is_in(client)
    assert CONTACT in client.get("/accounts/waits").content.decode()
    assert Mail.objects.filter(recipient=staff.email, subject="Anna would like to come in").count() == 1


def test_one_press_lets_somebody_in_and_they_are_told(desk: Client, now: datetime, staff: User) -> None:
    person = User.objects.create(email="anna@example.org", is_let_in=False, asked_at=now)
    assert b"1 person waits to be let in." in desk.get("/desk").content
    assert b"Let in" in desk.get("/desk/people?waiting").content
    desk.post(f"/desk/people/{person.pk}/let-in")
    person.refresh_from_db()
    assert person.is_let_in
    assert not let_in(person, by=staff, at=now)
    assert Mail.objects.get().subject == "You are in"
    assert Deed.objects.filter(did="let-in").count() == 1


def test_an_administrator_makes_and_ends_a_link(desk: Client, now: datetime, client: Client) -> None:
    day = (now + timedelta(days=3)).date().isoformat()
    desk.post("/desk/invitations", {"most": "30", "last_day": day})
    one = Invitation.objects.get()
    assert one.most == 30
    assert f"/invited/{one.code}" in desk.get("/desk/invitations").content.decode()
    desk.post(f"/desk/invitations/{one.pk}/end")
    assert client.get(f"/invited/{one.code}").status_code == 404


def test_the_rules_are_changed_at_the_desk_and_that_is_written_down(desk: Client) -> None:
    page = desk.get("/desk/settings").context["form"]
    given = {name: value for name, value in page.initial.items() if value is not None}
    assert desk.post("/desk/settings", given | {"sign_up": "domain"}).status_code == 200
    desk.post("/desk/settings", given | {"sign_up": "domain", "mail_domains": "school.example"})
    assert House.here().who_may_sign_up == SignUp.DOMAIN
    assert "sign_up" in Deed.objects.get().told
