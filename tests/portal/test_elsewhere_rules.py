"""In by an account elsewhere: the rules of the house hold at this door, too."""

from datetime import datetime

import pytest
from django.test import Client

from portal.models import User
from provisioning.models import SignUp
from tests.portal.provider import ANNA, Directory, come
from tests.portal.test_accounts import code, is_in
from tests.portal.test_sign_up import invitation, rule

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("way", [SignUp.CLOSED, SignUp.INVITATION])
def test_a_shut_door_is_shut_here_too(client: Client, school: Directory, way: str) -> None:
    rule(way)
    assert "Ms Weber, room 12" in come(client, school).page
    assert not User.objects.exists()


@pytest.mark.parametrize("way", [SignUp.INVITATION, SignUp.APPROVAL, SignUp.DOMAIN])
def test_an_invitation_lets_in_here_too_and_is_counted(
    client: Client, school: Directory, now: datetime, way: str
) -> None:
    rule(way, mail_domains="other.example")
    one = invitation(now)
    client.post(f"/invited/{one.code}")
    come(client, school)
    one.refresh_from_db()
    assert (is_in(client), one.used) == (True, 1)


def test_the_second_one_with_an_invitation_for_one_stays_out(client: Client, school: Directory, now: datetime) -> None:
    rule(SignUp.INVITATION)
    school.knows("bert-8", email="bert@school.example", email_verified=True)
    one, other = invitation(now), Client()
    for browser in (client, other):
        browser.post(f"/invited/{one.code}")
    come(client, school)
    assert "You need an invitation" in come(other, school, "bert-8").page
    assert [person.email for person in User.objects.all()] == [ANNA]


def test_where_only_our_mail_addresses_may_others_are_told_why(client: Client, school: Directory) -> None:
    rule(SignUp.DOMAIN, mail_domains="school.example")
    school.knows("eve-3", email="eve@evil-school.example", email_verified=True)
    answer = come(client, school, "eve-3")
    assert "Accounts here are for mail addresses at school.example." in answer.page
    assert not User.objects.exists()
    come(client, school)
    assert is_in(client)


def test_where_somebody_must_say_yes_one_waits_here_too(client: Client, school: Directory) -> None:
    rule(SignUp.APPROVAL)
    assert come(client, school).where == "/accounts/waits"
    assert come(client, school).where == "/accounts/waits"
    assert not is_in(client)


def test_who_brings_no_mail_address_types_one_and_its_code(client: Client, school: Directory) -> None:
    rule(SignUp.DOMAIN, mail_domains="school.example")
    school.knows("carl-5", name="Carl")
    assert come(client, school, "carl-5").where == "/accounts/elsewhere/signup/"
    page = client.get("/accounts/elsewhere/signup/").content.decode()
    assert 'value="Carl"' in page
    refused = client.post("/accounts/elsewhere/signup/", {"email": "carl@other.example"})
    assert "for mail addresses at school.example" in refused.content.decode()
    client.post("/accounts/elsewhere/signup/", {"email": "carl@school.example", "name": "Carl"})
    assert not is_in(client)
    client.post("/accounts/confirm-email/", {"code": code()})
    assert (is_in(client), User.objects.get().called) == (True, "Carl")
