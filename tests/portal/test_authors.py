"""The authors' page, wishes, and what a curator sees of both."""

from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client

from catalog import checks
from catalog.models import App, Check, Wish
from portal.models import Deed, User
from tests.makers import make_person, make_release

URL = "https://git.example.org/board"


def found(author: User, now: datetime) -> Check:
    """A look that ended well."""
    check = checks.ask(URL, "HEAD", by=author, at=now)
    manifest = make_release().manifest_json | {"id": "other-board"}
    Check.objects.filter(pk=check.pk).update(looked_at=now, commit="a" * 40, manifest_json=manifest)
    return check


def test_everybody_may_read_how_an_app_is_made(client: Client, db: None) -> None:
    page = client.get("/docs/add-an-app").content.decode()
    assert "fairground.toml" in page
    assert "Sign in to check your repository" in page


def test_a_check_waits_for_the_look_and_the_page_looks_again(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert client.post("/docs/add-an-app/check", {"url": URL, "ref": "main"}).status_code == 302
    assert (Check.objects.get().url, Check.objects.get().ref) == (URL, "main")
    assert 'data-look-again="3"' in client.get("/docs/add-an-app").content.decode()


@pytest.mark.parametrize("url", ["file:///etc", "https://u:p@x.example/r", "http://127.0.0.1/r", "nothing"])
def test_an_address_that_we_would_not_fetch_is_refused_at_once(client: Client, owner: User, url: str) -> None:
    client.force_login(owner)
    page = client.post("/docs/add-an-app/check", {"url": url, "ref": "HEAD"}).content.decode()
    assert "this address cannot be used" in page
    assert not Check.objects.exists()


def test_what_was_found_right_can_be_offered_once(client: Client, owner: User, now: datetime) -> None:
    found(owner, now)
    client.force_login(owner)
    assert "Offer it to the curators" in client.get("/docs/add-an-app").content.decode()
    for _ in range(2):
        client.post("/docs/add-an-app/offer")
    page = client.get("/docs/add-an-app").content.decode()
    assert App.objects.get(url=URL).added_by == owner
    assert "a curator has not decided yet" in page
    assert "Offer it to the curators" not in page


def test_nobody_sees_what_somebody_else_had_checked(client: Client, owner: User, now: datetime) -> None:
    found(owner, now)
    client.force_login(make_person("somebody"))
    assert URL not in client.get("/docs/add-an-app").content.decode()
    client.post("/docs/add-an-app/offer")
    assert not App.objects.filter(url=URL).exists()


def test_twenty_checks_an_hour_are_enough_for_anybody(client: Client, owner: User) -> None:
    cache.clear()
    client.force_login(owner)
    asked = {"url": URL, "ref": "HEAD"}
    assert [client.post("/docs/add-an-app/check", asked).status_code for _ in range(21)] == [302] * 20 + [429]


def test_a_curator_sees_what_was_offered_and_by_whom_and_may_turn_it_down(
    client: Client, owner: User, staff: User, now: datetime
) -> None:
    checks.offer(found(owner, now), at=now)
    Check.objects.update(looked_at=now)
    app = App.objects.create(url=URL + "-2", added_by=owner, added_at=now)
    client.force_login(staff)
    assert f"from {owner.called}" in client.get("/desk/apps").content.decode()
    client.post(f"/desk/apps/{app.pk}/turn-down")
    assert not App.objects.filter(pk=app.pk).exists()
    assert Deed.objects.get().did == "turn-down"


def test_an_app_with_a_version_is_not_forgotten(client: Client, staff: User, db: None) -> None:
    app = make_release().app
    client.force_login(staff)
    client.post(f"/desk/apps/{app.pk}/turn-down")
    assert App.objects.filter(pk=app.pk).exists()


def test_a_wish_is_counted_once_a_person_whatever_the_spelling(client: Client, owner: User, staff: User) -> None:
    for person, words in ((owner, "Kahoot "), (owner, "KAHOOT"), (staff, "kahoot")):
        client.force_login(person)
        client.post("/wish", {"q": words})
    page = client.get("/apps?q=kahoot").content.decode()
    assert (Wish.objects.count(), "You and others have wished for it: 2 wishes." in page) == (2, True)
    assert "2 people" in client.get("/desk/apps").content.decode()


def test_who_is_not_signed_in_is_not_asked_to_wish(client: Client, db: None) -> None:
    assert "Wish for it" not in client.get("/apps?q=kahoot").content.decode()
