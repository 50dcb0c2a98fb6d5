"""In by an account elsewhere: whose word is believed about what, and how it is linked and let go of."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import environ
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from pytest_django import Settings

from portal.models import User
from portal.people import providers
from provisioning.models import Mail
from tests.portal.provider import ANNA, GO, NAME, Directory, come, leave
from tests.portal.test_accounts import PASSWORD, code, is_in

pytestmark = pytest.mark.thorough


@pytest.fixture
def anna(db: None) -> User:
    """Somebody who is here already, by mail address and password."""
    person = User.objects.create_user(username="anna", email=ANNA, password=PASSWORD)
    EmailAddress.objects.create(user=person, email=ANNA, verified=True, primary=True)
    return person


def test_where_nothing_is_configured_nothing_is_offered(client: Client, db: None) -> None:
    for page in ("/accounts/login/", "/accounts/signup/"):
        assert "Go on with" not in client.get(page).content.decode()
    assert client.post(GO).status_code == 404


def test_a_newcomer_with_a_proven_address_is_in_at_once(client: Client, school: Directory) -> None:
    assert f"Go on with {NAME}" in client.get("/accounts/login/").content.decode()
    answer = come(client, school, next="/copies", time_zone="Europe/Berlin")
    assert (answer.where, is_in(client)) == ("/copies", True)
    person = User.objects.get()
    assert (person.email, person.called, person.time_zone) == (ANNA, "Anna Weber", "Europe/Berlin")
    assert not person.has_usable_password()
    assert "anna" not in person.username
    assert EmailAddress.objects.get().verified


def test_whoever_comes_again_is_the_same_person(client: Client, school: Directory) -> None:
    come(client, school)
    other = Client()
    come(other, school)
    assert is_in(other)
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 1)


@pytest.mark.parametrize("claim", [False, None, "false", "true", 1])
def test_a_mail_address_that_nobody_has_proven_is_not_believed(
    client: Client, school: Directory, claim: object
) -> None:
    school.knows("bert-8", email="bert@school.example", email_verified=claim)
    assert come(client, school, "bert-8").where == "/accounts/confirm-email/"
    assert not is_in(client)
    assert not EmailAddress.objects.get().verified
    client.post("/accounts/confirm-email/", {"code": code()})
    assert is_in(client)


@pytest.mark.parametrize("claim", [True, False])
def test_nobody_takes_an_account_over_by_a_mail_address(
    client: Client, school: Directory, anna: User, claim: bool
) -> None:
    school.knows("mallory-9", email=ANNA.upper(), email_verified=claim)
    answer = come(client, school, "mallory-9")
    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.get() == anna
    assert anna.check_password(PASSWORD)
    assert ("You have an account here already" in answer.page) is claim


def test_an_unproven_address_that_is_known_looks_like_any_other_and_its_owner_is_told(
    client: Client, school: Directory, anna: User
) -> None:
    school.knows("mallory-9", email=ANNA, email_verified=False)
    assert come(client, school, "mallory-9").where == "/accounts/confirm-email/"
    assert [(mail.recipient, mail.subject) for mail in Mail.objects.all()] == [
        (ANNA, "You have a Fairground account already")
    ]


def test_an_answer_that_nobody_here_asked_for_is_turned_away(client: Client, school: Directory) -> None:
    back = urlsplit(school.says_yes(leave(client), "anna-7"))
    other = Client().get(f"{back.path}?{back.query}")
    assert other.status_code == 401
    assert "Nothing was changed here." in other.content.decode()
    assert not User.objects.exists()


def test_an_answer_is_good_once(client: Client, school: Directory) -> None:
    back = urlsplit(school.says_yes(leave(client), "anna-7"))
    client.get(f"{back.path}?{back.query}")
    client.post("/accounts/logout/")
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    assert not is_in(client)


def test_a_signed_word_with_another_number_is_turned_away(client: Client, school: Directory) -> None:
    back = urlsplit(school.says_yes(leave(client), "anna-7"))
    session = client.session
    for stashed in session["socialaccount_states"].values():
        stashed[0]["nonce"] = "of-somebody-else"
    session.save()
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    assert not User.objects.exists()


def test_state_nonce_and_challenge_go_along_and_belong_to_this_session(client: Client, school: Directory) -> None:
    asked = parse_qs(urlsplit(leave(client)).query)
    state = client.session["socialaccount_states"][asked["state"][0]][0]
    digest = hashlib.sha256(state["pkce_code_verifier"].encode()).digest()
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).rstrip(b"=").decode()]
    assert asked["nonce"] == [state["nonce"]]
    assert "between-us" not in str(asked)


def test_the_way_there_takes_a_press(client: Client, school: Directory) -> None:
    assert client.get(GO).status_code == 405
    assert Client(enforce_csrf_checks=True).post(GO).status_code == 403
    assert client.get("/accounts/oidc/directory/login/").status_code == 404


def test_whoever_says_no_there_is_told_that_nothing_has_changed(client: Client, school: Directory) -> None:
    back = urlsplit(school.says_no(leave(client)))
    answer = client.get(f"{back.path}?{back.query}", follow=True)
    assert "You stopped it" in answer.content.decode()


def test_a_provider_that_is_not_there_is_told_kindly(client: Client, school: Directory, settings: Settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = Directory("http://localhost:9").as_setting()
    answer = client.post(GO)
    assert answer.status_code == 401
    assert "That did not work" in answer.content.decode()


def test_nobody_can_send_us_to_a_provider_without_end(client: Client, school: Directory, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"elsewhere": "1/m/ip"}
    leave(client)
    assert client.post(GO).status_code == 429


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example"])
def test_nobody_is_led_away_after_coming_back(client: Client, school: Directory, where: str) -> None:
    assert come(client, school, next=where).where == "/home"


def test_an_account_elsewhere_is_linked_by_its_owner_after_the_password(
    client: Client, school: Directory, anna: User
) -> None:
    client.post("/accounts/login/", {"login": ANNA, "password": PASSWORD})
    assert f"Sign in with {NAME}, too" in client.get("/me").content.decode()
    assert come(client, school).where.startswith("/accounts/reauthenticate/")
    assert not SocialAccount.objects.exists()
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.headers["Location"] == "/me#ways"
    assert SocialAccount.objects.get().user == anna
    assert Mail.objects.get().subject == f"{NAME} was linked to your Fairground account"
    other = Client()
    come(other, school)
    assert is_in(other)


def test_what_somebody_else_signs_in_with_is_not_linked(client: Client, school: Directory, anna: User) -> None:
    school.knows("bert-8", email="bert@school.example", email_verified=True)
    come(Client(), school, "bert-8")
    client.post("/accounts/login/", {"login": ANNA, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    come(client, school, "bert-8")
    assert "Somebody else signs in with it here already." in client.get("/me").content.decode()
    assert SocialAccount.objects.get().user != anna


def test_the_only_way_in_stays_until_there_is_another(client: Client, school: Directory) -> None:
    come(client, school)
    number = SocialAccount.objects.get().pk
    answer = client.post("/accounts/elsewhere/", {"account": number})
    assert "Please choose a password first." in answer.content.decode()
    client.post("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/elsewhere/", {"account": number})
    assert not SocialAccount.objects.exists()


def test_little_is_kept_of_what_a_provider_tells(client: Client, school: Directory) -> None:
    school.knows(
        "dora-2", email=ANNA, email_verified=True, name="Dora", picture="https://x/y.jpg", birthdate="2001-01-01"
    )
    come(client, school, "dora-2")
    assert SocialAccount.objects.get().extra_data == {"email": ANNA, "name": "Dora"}
    assert not SocialToken.objects.exists()


def test_the_settings_name_four_providers_and_each_only_with_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    env = environ.Env()
    assert [len(one["APPS"]) for one in providers.configured(env).values()] == [0, 0]
    for name in ("OIDC", "GOOGLE", "MICROSOFT", "GITHUB"):
        monkeypatch.setenv(f"{name}_CLIENT", "us")
        monkeypatch.setenv(f"{name}_SECRET", f"secret of {name}")
    assert [len(one["APPS"]) for one in providers.configured(env).values()] == [1, 1]
    monkeypatch.setenv("OIDC_SERVER", "https://id.school.example")
    monkeypatch.setenv("MICROSOFT_TENANT", "linden")
    told = providers.configured(env)
    assert [app["provider_id"] for app in told["openid_connect"]["APPS"]] == ["directory", "google", "microsoft"]
    assert told["openid_connect"]["APPS"][2]["settings"]["server_url"].endswith(".com/linden/v2.0")
    assert "secret of GITHUB" in list(providers.secrets_in(env))
