"""Making an account, getting in, choosing a new password: by a code that comes by mail."""

import re
from html import unescape
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from portal.models import User
from portal.settings import FILE_CACHE
from provisioning.models import Mail
from tests.makers import make_release

PASSWORD = "a long way to the fair"
ANNA = {"email": "Anna@example.org", "password1": PASSWORD, "name": "Anna", "time_zone": "Europe/Berlin"}


def code() -> str:
    """The code in the newest mail."""
    found = re.search(r"\b[0-9]{6}\b", Mail.objects.latest("pk").text)
    assert found is not None
    return found[0]


def sign_up(client: Client, **changes: str) -> int:
    return client.post("/accounts/signup/", ANNA | changes).status_code


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.fixture
def anna(db: None) -> User:
    """Somebody who has an account and its password."""
    person = User.objects.create_user(username="anna", email="anna@example.org", password=PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def test_a_person_signs_up_types_the_code_and_is_in(client: Client, db: None) -> None:
    assert sign_up(client) == 302
    assert not is_in(client)

    answer = client.post("/accounts/confirm-email/", {"code": code()})

    assert answer.headers["Location"] == "/home"
    assert is_in(client)
    person = User.objects.get()
    assert (person.email, person.called, person.zone.key) == ("anna@example.org", "Anna", "Europe/Berlin")


def test_the_page_after_signing_up_asks_for_six_digits(client: Client, db: None) -> None:
    sign_up(client)
    page = client.get("/accounts/confirm-email/").content.decode()
    assert "anna@example.org" in page
    assert 'maxlength="6"' in page


def test_where_nobody_delivers_mail_the_page_for_the_code_leads_to_the_mailbox(
    client: Client, settings: Settings, db: None
) -> None:
    sign_up(client)
    assert 'href="/mailbox"' in client.get("/accounts/confirm-email/").content.decode()
    settings.EMBEDDED_MAIL = False
    assert 'href="/mailbox"' not in client.get("/accounts/confirm-email/").content.decode()


def test_five_wrong_codes_are_the_end(client: Client, db: None) -> None:
    sign_up(client)
    right = code()
    for _ in range(5):
        client.post("/accounts/confirm-email/", {"code": "000000" if right != "000000" else "111111"})
    client.post("/accounts/confirm-email/", {"code": right})
    assert not is_in(client)


def test_the_mail_names_the_code_and_leads_to_our_own_address_alone(
    client: Client, settings: Settings, db: None
) -> None:
    settings.ALLOWED_HOSTS = ["evil.example", "localhost"]
    client.post("/accounts/signup/", ANNA, headers={"host": "evil.example"})
    mail = Mail.objects.get()
    assert f"/accounts/confirm-email/#{code()}" in mail.text
    assert "evil" not in mail.text + mail.html
    assert mail.recipient == "anna@example.org"


def test_a_known_address_gets_the_same_answer_and_another_mail(client: Client, anna: User) -> None:
    assert sign_up(client) == 302
    assert client.get("/accounts/confirm-email/").status_code == 200
    assert Mail.objects.get().subject == "You have a Fairground account already"
    assert User.objects.count() == 1


@pytest.mark.parametrize("weak", ["short", "password12345", "anna@example.org"])
def test_a_weak_password_is_refused_and_the_rest_stays(client: Client, db: None, weak: str) -> None:
    answer = client.post("/accounts/signup/", ANNA | {"password1": weak})
    assert answer.status_code == 200
    assert b"Anna@example.org" in answer.content
    assert not User.objects.exists()


def test_a_zone_that_is_none_stops_nobody(client: Client, db: None) -> None:
    sign_up(client, time_zone="Mars/Olympus")
    assert User.objects.get().time_zone == ""


def test_the_mail_address_and_the_password_let_in(client: Client, anna: User) -> None:
    client.post("/accounts/login/", {"login": "ANNA@example.org", "password": PASSWORD})
    assert is_in(client)


def test_a_wrong_password_and_a_wrong_address_sound_alike(client: Client, anna: User) -> None:
    wrong = client.post("/accounts/login/", {"login": "anna@example.org", "password": "something else"})
    unknown = client.post("/accounts/login/", {"login": "bert@example.org", "password": "something else"})
    assert wrong.status_code == unknown.status_code == 200
    told = [re.findall(r'role="alert".*?</div>', page.content.decode(), re.DOTALL) for page in (wrong, unknown)]
    assert told[0] == told[1] != []


def test_after_five_wrong_passwords_one_must_wait(client: Client, anna: User) -> None:
    for _ in range(6):
        client.post("/accounts/login/", {"login": "anna@example.org", "password": "something else"})
    answer = client.post("/accounts/login/", {"login": "anna@example.org", "password": PASSWORD})
    assert b"Too many" in answer.content
    assert not is_in(client)


def test_a_limit_is_not_forgotten_because_many_others_come(settings: Settings, tmp_path: Path) -> None:
    settings.CACHES = {"default": FILE_CACHE | {"LOCATION": tmp_path}}
    cache.set("guesses-of-one", 5)
    cache.set_many({f"of-another-{number}": 1 for number in range(1000)})
    assert cache.get("guesses-of-one") == 5


def test_a_forgotten_password_is_replaced_by_a_code(client: Client, anna: User) -> None:
    client.post("/accounts/password/reset/", {"email": "anna@example.org"})
    client.post("/accounts/password/reset/confirm/", {"code": code()})
    new = "an even longer way home"
    client.post("/accounts/password/reset/complete/", {"password1": new, "password2": new})
    anna.refresh_from_db()
    assert anna.check_password(new)
    assert Mail.objects.latest("pk").subject == "Your Fairground password was changed"


def test_an_unknown_address_gets_the_same_page_and_a_kind_mail(client: Client, db: None) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert answer.status_code == 302
    assert Mail.objects.get().subject == "There is no Fairground account for this address"


def test_a_new_password_ends_all_other_sessions(client: Client, anna: User) -> None:
    other = Client()
    other.force_login(anna)
    client.force_login(anna)
    new = "an even longer way home"
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert client.get("/home").status_code == 200
    assert other.get("/home").status_code == 302


def test_signing_out_takes_a_press(client: Client, anna: User) -> None:
    client.force_login(anna)
    client.get("/accounts/logout/")
    assert is_in(client)
    client.post("/accounts/logout/")
    assert not is_in(client)


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_away_after_signing_in(client: Client, anna: User, where: str) -> None:
    answer = client.post(f"/accounts/login/?next={where}", {"login": anna.email, "password": PASSWORD, "next": where})
    assert answer.headers["Location"] == "/home"


def test_the_admins_own_entrance_leads_to_ours(client: Client, db: None) -> None:
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/accounts/login/?next=/admin/"


def test_two_accounts_never_share_an_address(anna: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create(email="ANNA@example.org")


def test_people_change_their_name_and_their_zone(visit: Client, owner: User) -> None:
    visit.post("/me", {"first_name": "Ms Weber", "time_zone": "Europe/Vienna"})
    owner.refresh_from_db()
    assert (owner.called, owner.zone.key) == ("Ms Weber", "Europe/Vienna")


def test_a_zone_that_is_none_is_told(visit: Client, owner: User) -> None:
    answer = visit.post("/me", {"first_name": "", "time_zone": "Mars/Olympus"})
    assert "is not a time zone" in answer.content.decode()


def test_whoever_asks_too_often_is_asked_to_wait(client: Client, settings: Settings, db: None) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/h/ip"}
    sign_up(client)
    answer = client.post("/accounts/signup/", ANNA | {"email": "bert@example.org"})
    assert answer.status_code == 429
    assert "Please wait a moment" in answer.content.decode()


def test_who_makes_an_account_on_the_way_to_a_launch_comes_back_to_it(client: Client, db: None) -> None:
    wanted = f"/services/new?app={make_release().app.slug}"
    entrance = client.get(wanted).headers["Location"]
    way = re.search(r'href="(/accounts/signup/[^"]+)"', client.get(entrance).content.decode())
    assert way is not None
    form = client.get(unescape(way[1])).context["form"]
    assert form is not None

    client.post(unescape(way[1]), ANNA | {"next": wanted})
    answer = client.post("/accounts/confirm-email/", {"code": code(), "next": wanted})

    assert answer.headers["Location"] == wanted
