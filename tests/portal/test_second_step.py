"""The second step: for whom it is asked, that its secrets are sealed, and that a lost phone is no lost account."""

import base64
import json
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from portal.models import Deed, User
from portal.people.second_step import check_origin
from provisioning.models import House, Mail
from tests.makers import make_person
from tests.portal.test_accounts import PASSWORD, is_in

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def anna(db: None) -> User:
    """Somebody with a password and a proven mail address."""
    person = User.objects.create_user(username="anna", email="anna@example.org", password=PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@pytest.fixture
def careful(anna: User) -> User:
    """Anna, whom we ask for codes."""
    TOTP.activate(anna, SECRET)
    RecoveryCodes.activate(anna)
    return anna


def code_of(secret: str = SECRET) -> str:
    """What the app would show now."""
    return str(format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1])))


def sign_in(client: Client) -> str:
    answer = client.post("/accounts/login/", {"login": "anna@example.org", "password": PASSWORD})
    return answer.headers.get("Location", "")


def again(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/me"})


def test_a_code_after_the_password_lets_in_once(client: Client, careful: User) -> None:
    assert sign_in(client) == "/accounts/ways/authenticate/"
    assert not is_in(client)
    code = code_of()
    client.post("/accounts/ways/authenticate/", {"code": code})
    assert is_in(client)
    other = Client()
    sign_in(other)
    other.post("/accounts/ways/authenticate/", {"code": code})
    assert not is_in(other)


def test_the_way_one_was_on_goes_on_after_the_second_step(client: Client, careful: User) -> None:
    client.post("/accounts/login/", {"login": careful.email, "password": PASSWORD, "next": "/copies"})
    answer = client.post("/accounts/ways/authenticate/", {"code": code_of()})
    assert answer.headers["Location"] == "/copies"


def test_a_spare_code_lets_in_once(client: Client, careful: User) -> None:
    spare = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    for wanted in (True, False):
        browser = Client()
        sign_in(browser)
        browser.post("/accounts/ways/authenticate/", {"code": spare})
        assert is_in(browser) is wanted


def test_codes_cannot_be_guessed(client: Client, careful: User) -> None:
    sign_in(client)
    for _ in range(6):
        client.post("/accounts/ways/authenticate/", {"code": "000000"})
    answer = client.post("/accounts/ways/authenticate/", {"code": code_of()})
    assert "Too many" in answer.content.decode()
    assert not is_in(client)


def test_codes_are_asked_for_after_the_first_one_was_right(client: Client, anna: User) -> None:
    sign_in(client)
    again(client)
    page = client.get("/accounts/ways/totp/activate/").content.decode()
    secret = re.search(r"<code[^>]*>([A-Z2-7]{32})</code>", page)
    assert secret is not None
    assert "data:" not in page
    wrong = client.post("/accounts/ways/totp/activate/", {"code": "000000"})
    assert "Please try again" in wrong.content.decode()
    answer = client.post("/accounts/ways/totp/activate/", {"code": code_of(secret[1])})
    assert answer.headers["Location"] == "/accounts/ways/recovery-codes/"
    assert len(re.findall(r"<code>\d{8}</code>", client.get(answer.headers["Location"]).content.decode())) == 10


def test_nothing_that_codes_are_made_from_is_readable_in_the_database(careful: User) -> None:
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    assert Authenticator.objects.get(type="recovery_codes").wrap().generate_codes()[0] not in kept


def test_whoever_finds_an_open_browser_adds_no_passkey_and_sees_no_spare_code(visit: Client, owner: User) -> None:
    owner.set_password(PASSWORD)
    owner.save()
    TOTP.activate(owner, SECRET)
    RecoveryCodes.activate(owner)
    visit.force_login(owner)
    assert "reauthenticate" in visit.get("/accounts/ways/recovery-codes/").headers["Location"]
    for page in ("webauthn/add/", "totp/deactivate/", "recovery-codes/generate/"):
        assert "reauthenticate" in visit.get(f"/accounts/ways/{page}").headers["Location"]
        assert "reauthenticate" in visit.post(f"/accounts/ways/{page}").headers["Location"]


def test_nobody_touches_the_passkey_of_another(client: Client, anna: User, stranger: User) -> None:
    sign_in(client)
    again(client)
    made = Authenticator.objects.create(user=stranger, type="webauthn", data={"name": "x", "credential": {}})
    for verb in ("edit", "remove"):
        assert client.get(f"/accounts/ways/webauthn/keys/{made.pk}/{verb}/").status_code == 404


def test_the_counter_opens_after_the_second_step_where_the_house_asks_for_it(client: Client, careful: User) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    House.objects.create(counter_second_step=True)
    client.force_login(careful)
    for room in ("/desk", "/admin/"):
        assert client.get(room).headers["Location"].startswith("/accounts/ways/reauthenticate/?next=")
    client.post("/accounts/ways/reauthenticate/", {"code": code_of(), "next": "/desk"})
    assert client.get("/desk").status_code == client.get("/admin/").status_code == 200


def test_who_has_no_second_step_is_shown_where_to_add_one_and_others_meet_no_hint(client: Client, staff: User) -> None:
    House.objects.create(counter_second_step=True)
    client.force_login(staff)
    assert client.get("/desk").headers["Location"] == "/me#ways"
    assert "Please add one here first." in client.get("/me").content.decode()
    client.force_login(make_person("owner"))
    assert client.get("/desk").status_code == 404
    assert "behind the counter" not in client.get("/me").content.decode()


def test_a_new_password_by_the_command_takes_a_lost_second_step_away(careful: User) -> None:
    User.objects.update(is_superuser=True)
    call_command("first_admin", "--again", "--email", careful.email)
    assert not Authenticator.objects.exists()


def test_a_passkey_counts_only_where_it_was_shown_to_the_portal(settings: Settings) -> None:
    for origin in ("http://localhost:8000", "http://evil.localhost:8000", "http://localhost:8080"):
        told = base64.urlsafe_b64encode(json.dumps({"origin": origin}).encode()).decode()
        credential = {"response": {"clientDataJSON": told}}
        if origin == settings.SITE_URL:
            check_origin(credential)
        else:
            with pytest.raises(Exception, match="Passkeys work at"):
                check_origin(credential)


@pytest.mark.parametrize("sent", ["", "{}", "[]", "null", '{"response": {}}', '{"response": {"clientDataJSON": "x"}}'])
def test_what_is_no_passkey_is_told_kindly(client: Client, db: None, sent: str) -> None:
    client.get("/accounts/ways/webauthn/login/", headers={"accept": "application/json"})
    answer = client.post("/accounts/ways/webauthn/login/", {"credential": sent})
    assert answer.headers["Location"] == "/accounts/login/"
    assert not is_in(client)


def test_people_are_written_to_about_every_change(
    client: Client, anna: User, django_capture_on_commit_callbacks: Any
) -> None:
    sign_in(client)
    again(client)
    client.get("/accounts/ways/totp/activate/")
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/ways/totp/activate/", {"code": code_of(client.session["mfa.totp.secret"])})
    client.post("/accounts/ways/totp/deactivate/")
    subjects = [mail.subject for mail in Mail.objects.order_by("pk")]
    assert subjects == ["Fairground asks you for a code from now on", "Fairground asks you for no code any more"]


def test_an_administrator_lets_somebody_in_again_who_has_lost_everything(desk: Client, careful: User) -> None:
    assert "Lost passkeys and codes" in desk.get("/desk/people").content.decode()
    desk.post(f"/desk/people/{careful.pk}/second-step")
    desk.post(f"/desk/people/{careful.pk}/second-step")
    assert not Authenticator.objects.exists()
    assert Deed.objects.get().did == "second-step"
    assert Mail.objects.get().subject == "Your Fairground passkeys and codes were taken away"


def test_the_desk_offers_a_second_step_plainly_until_there_is_one(desk: Client, staff: User) -> None:
    assert "A password alone lets you in here." in desk.get("/desk").content.decode()
    TOTP.activate(staff, SECRET)
    assert "A password alone lets you in here." not in desk.get("/desk").content.decode()


def test_nobody_looks_at_what_opens_an_account_in_the_tables(desk: Client) -> None:
    tables = desk.get("/admin/").content.decode()
    assert "/admin/mfa/" not in tables
    assert "/admin/socialaccount/" not in tables
