"""What the catalog's tables tell, and what can be done there."""

from datetime import datetime
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django.fixtures import Settings

from catalog.manifest import parse
from catalog.models import App, State
from tests.catalog.manifests import SMALLEST
from tests.catalog.repos import commit

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"ref": "HEAD", "releases-TOTAL_FORMS": "0", "releases-INITIAL_FORMS": "0", "note": "", "longest_lifetime": ""}


def only_the_admin(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.catalog.urls"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name.startswith("django.")]


@pytest.fixture
def desk(client: Client, settings: Settings) -> Client:
    """A browser in which a member of staff is signed in."""
    only_the_admin(settings)
    user = get_user_model().objects.create_user("weber", email="weber@school.example", is_staff=True)
    client.force_login(user)
    return client


def act(desk: Client, action: str, *apps: App) -> str:
    """Choose an action for some apps, and return what the page says then."""
    data = {"action": action, "_selected_action": [app.pk for app in apps]}
    return desk.post("/admin/catalog/app/", data, follow=True).content.decode()


def test_an_app_is_added_by_the_address_of_its_repository(desk: Client, board: Path) -> None:
    page = desk.post("/admin/catalog/app/add/", {**FORM, "url": f"file://{board}"}, follow=True).content.decode()

    app = App.objects.get()
    assert (app.state, app.slug) == (State.CANDIDATE, "notice-board")
    assert "its manifest is right" in page


def test_what_is_wrong_with_a_manifest_stands_on_its_page(desk: Client, board: Path) -> None:
    commit(board, {"fairground.toml": "format = 1\nnmae = '<b>x</b>'"})
    desk.post("/admin/catalog/app/add/", {**FORM, "url": f"file://{board}"})

    page = desk.get(f"/admin/catalog/app/{App.objects.get().pk}/change/").content.decode()

    assert "did you mean &#x27;name&#x27;" in page
    assert "<b>x</b>" not in page


def test_what_has_no_effect_yet_stands_on_its_page(desk: Client, noon: datetime) -> None:
    app = App.objects.create(url="https://example.org/board.git", added_at=noon)
    app.take("a" * 40, parse(SMALLEST + "[mail]\nsends = true"), at=noon)
    page = desk.get(f"/admin/catalog/app/{app.pk}/change/").content.decode()
    assert "mail.sends: is accepted and has no effect yet: machines cannot send mail yet" in page


def test_an_address_that_cannot_be_used_is_refused_in_the_form(desk: Client, shelf: Path) -> None:
    page = desk.post("/admin/catalog/app/add/", {**FORM, "url": "ext::sh -c id"}).content.decode()

    assert "this address cannot be used" in page
    assert not App.objects.exists()


def test_a_repository_that_is_not_there_is_said_so(desk: Client, shelf: Path, noon: datetime) -> None:
    app = App.objects.create(url=f"file://{shelf}/nothing", added_at=noon)

    assert "1 things are not right" in act(desk, "look_again", app)


def test_only_staff_comes_behind_the_counter(client: Client, settings: Settings) -> None:
    only_the_admin(settings)
    client.force_login(get_user_model().objects.create_user("kim", email="kim@school.example"))

    assert client.get("/admin/catalog/app/").status_code == 302
    assert client.get("/admin/catalog/app/add/").status_code == 302
