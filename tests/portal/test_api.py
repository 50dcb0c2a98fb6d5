"""The same verbs for programs: by token, in JSON, and nothing that its owner could not do on the pages."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.api.door import PROBLEMS
from portal.api.urls import urlpatterns
from portal.models import Token, User
from provisioning.models import Deployment, Entry, Event
from tests.makers import make_event, make_fabric, make_release
from tests.portal.scenes import ended, failed, ready

V1 = "/api/v1"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def key(owner: User, *, may_change: bool = True, until: timedelta = DAY) -> str:
    """A key of somebody."""
    at = timezone.now()
    return Token.make(owner, "tests", may_change=may_change, until=at + until, at=at)


def ask(client: Client, path: str, secret: str, told: object = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Ask as a program does; POST where there is something to tell."""
    sent = {"Authorization": f"Bearer {secret}", **headers}
    if told is None:
        answer = client.get(V1 + path, headers=sent)
    else:
        answer = client.post(V1 + path, told, content_type="application/json", headers=sent)
    return answer.status_code, answer.json()


def test_nobody_comes_in_without_a_token_and_no_cookie_counts(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer = client.get(f"{V1}/services")
    assert (answer.status_code, answer.json()["problem"]) == (401, "no-token")


@pytest.mark.parametrize("name", [one.name for one in urlpatterns if one.name])
def test_no_address_answers_to_a_wrong_token(client: Client, db: None, name: str) -> None:
    path = reverse(name, args=["0" * 32] if "<" in str(next(o.pattern for o in urlpatterns if o.name == name)) else [])
    for method in (client.get, client.post):
        assert method(path, headers={"Authorization": "Bearer fair_wrong"}).status_code in (401, 405)


def test_a_token_ends_with_its_time_its_end_and_its_owner(client: Client, owner: User) -> None:
    old, ended_one, of_somebody = key(owner, until=-DAY), key(owner), key(owner)
    Token.objects.filter(digest=Token.digested(ended_one)).delete()
    assert [ask(client, "/apps", one)[0] for one in (old, ended_one, of_somebody)] == [401, 401, 200]
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert ask(client, "/apps", of_somebody)[0] == 401


def test_only_a_fingerprint_of_a_token_is_kept(owner: User) -> None:
    secret = key(owner)
    assert secret.startswith("fair_")
    assert secret not in str(Token.objects.values_list())


def test_a_token_that_only_looks_changes_nothing(client: Client, owner: User, now: datetime) -> None:
    service, secret = ready(make_event(owner, at=now), at=now), key(owner, may_change=False)
    assert ask(client, f"/services/{service.key}", secret)[1]["state"] == "ready"
    assert ask(client, f"/services/{service.key}/end", secret, {})[1]["problem"] == "token-only-looks"
    service.refresh_from_db()
    assert service.wanted == "up"


def test_a_service_is_launched_once_per_key(client: Client, owner: User) -> None:
    make_fabric()
    asked = {"app": make_release().app.slug, "event_name": "Class 7b", "title": "Board", "last_day": _tomorrow()}
    secret = key(owner)
    first = ask(client, "/services", secret, asked, **{"Idempotency-Key": "class-7b"})
    again = ask(client, "/services", secret, asked, **{"Idempotency-Key": "class-7b"})
    assert [first[0], again[0], first[1]["id"]] == [201, 200, again[1]["id"]]
    assert (Deployment.objects.count(), Event.objects.get().name, first[1]["title"]) == (1, "Class 7b", "Board")


def test_what_is_not_right_is_told_by_field_and_nothing_is_begun(client: Client, owner: User) -> None:
    asked = {"app": make_release().app.slug, "event_name": "", "last_day": "2001-01-01"}
    status, told = ask(client, "/services", key(owner), asked)
    assert (status, told["problem"], set(told["wrong"])) == (422, "not-right", {"event_name", "last_day"})
    assert not Event.objects.exists()


@pytest.mark.parametrize("values", [{"nothing": "x"}, ["x"], "x"])
def test_a_question_that_the_app_does_not_ask_is_refused(client: Client, owner: User, values: object) -> None:
    asked = {"app": make_release().app.slug, "event_name": "x", "last_day": _tomorrow(), "values": values}
    assert ask(client, "/services", key(owner), asked)[0] == 422


@pytest.mark.parametrize("field", ["app", "event", "event_name", "last_day", "title", "place"])
@pytest.mark.parametrize("value", [5, 5.0, True, ["2027-05-05"], {"a": 1}, "a\0b", "\ud800"])
def test_what_is_no_text_is_told_by_field_and_nothing_is_begun(
    client: Client, owner: User, field: str, value: object
) -> None:
    make_fabric()
    asked = {"app": make_release().app.slug, "event_name": "Class 7b", "last_day": _tomorrow(), field: value}
    status, told = ask(client, "/services", key(owner), asked)
    assert (status, told["problem"], set(told["wrong"])) == (422, "not-right", {field})
    assert not Event.objects.exists()


def test_what_is_null_is_as_if_nothing_had_been_said(client: Client, owner: User) -> None:
    make_fabric()
    asked = {"app": make_release().app.slug, "event_name": "Class 7b", "last_day": _tomorrow()}
    assert ask(client, "/services", key(owner), asked | {"title": None, "place": None})[0] == 201


@pytest.mark.parametrize("body", ["[]", "{", "\xff", "[" * 5000])
def test_what_is_no_json_object_is_said_to_be_none(client: Client, owner: User, body: str) -> None:
    sent = {"Authorization": f"Bearer {key(owner)}"}
    answer = client.post(f"{V1}/services", body.encode("latin-1"), content_type="application/json", headers=sent)
    assert (answer.status_code, answer.json()["problem"]) == (400, "not-json")


def test_what_is_somebody_elses_is_not_there(client: Client, owner: User, stranger: User, now: datetime) -> None:
    service, secret = ready(make_event(owner, at=now), at=now), key(stranger)
    assert ask(client, "/services", secret)[1] == {"services": []}
    assert ask(client, "/events", secret)[1] == {"events": []}
    for path, told in (("", None), ("/end", {}), ("/outputs", {})):
        assert ask(client, f"/services/{service.key}{path}", secret, told)[1]["problem"] == "not-there"


def test_a_program_ends_a_service_and_is_told_when_that_was_asked_already(
    client: Client, owner: User, now: datetime
) -> None:
    service, secret = ready(make_event(owner, at=now), at=now), key(owner)
    assert ask(client, f"/services/{service.key}/end", secret, {})[1]["state"] == "retiring"
    assert ask(client, f"/services/{service.key}/end", secret, {})[1]["problem"] == "not-possible"


def test_passwords_are_handed_over_and_the_look_is_written_down(client: Client, owner: User, now: datetime) -> None:
    service = ready(make_event(owner, at=now), at=now)
    machine = service.machine()
    assert machine
    before = Entry.objects.filter(deployment=service).count()
    status, told = ask(client, f"/services/{service.key}/outputs", key(owner), {})
    assert (status, set(told["outputs"])) == (200, set(machine.outputs))
    assert Entry.objects.filter(deployment=service).count() == before + 1


def test_lists_tell_what_the_pages_show(client: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    for scene in (ready, failed, ended):
        scene(event, at=now)
    secret = key(owner, may_change=False)
    found = ask(client, f"/services?event={event.key}", secret)[1]["services"]
    assert {one["state"] for one in found} == {"ready", "failed", "gone"}
    assert ask(client, "/events", secret)[1]["events"][0]["id"] == event.key
    assert "Notice board" in {one["name"] for one in ask(client, "/apps", secret)[1]["apps"]}


def test_a_program_that_asks_too_often_is_told_so(client: Client, owner: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"api": "2/m/user"}
    secret = key(owner)
    assert [ask(client, "/services", secret, {})[0] for _ in range(3)] == [404, 404, 429]
    assert ask(client, "/services", secret)[0] == 200


def test_a_token_is_shown_once_and_ended_by_its_owner_alone(client: Client, owner: User, stranger: User) -> None:
    client.force_login(owner)
    page = client.post("/me/tokens", {"name": "my script", "days": "30"}).content.decode()
    token = Token.objects.get()
    assert "fair_" in page
    assert "fair_" not in client.get("/me/tokens").content.decode()
    client.force_login(stranger)
    client.post(f"/me/tokens/{token.pk}/end")
    assert Token.objects.exists()
    client.force_login(owner)
    client.post(f"/me/tokens/{token.pk}/end")
    assert not Token.objects.exists()


def test_twenty_tokens_are_enough_for_anybody(client: Client, owner: User) -> None:
    for _ in range(20):
        key(owner)
    client.force_login(owner)
    assert "You have 20 tokens." in client.post("/me/tokens", {"name": "more", "days": "30"}).content.decode()


def test_every_refusal_has_a_sentence() -> None:
    assert all(400 <= status < 500 and told.endswith((".", "…")) for status, told in PROBLEMS.values())


def test_the_page_for_programs_names_every_address(client: Client, db: None) -> None:
    page = client.get("/api").content.decode()
    missing = [one.name for one in urlpatterns if one.name and one.name.removeprefix("api-") not in page]
    assert not missing


def _tomorrow() -> str:
    return (timezone.now() + DAY).date().isoformat()
