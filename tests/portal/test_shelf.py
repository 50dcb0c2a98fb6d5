"""The shelf: what is on it, what a search finds, and what is known of an app from launches here."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from portal.models import User
from portal.pages.figures import evidence
from portal.views.front import without_title
from tests.makers import KEEPS, launch, make_fabric, make_release
from tests.portal.scenes import change, failed, ready

TOP = 'category = "wiki"\ntags = ["notes"]\nreplaces = ["Confluence"]\n'


@pytest.mark.parametrize("words", ["notice", "NOTES", "confluence", "wiki board"])
def test_a_search_looks_at_name_category_tags_and_what_it_replaces(client: Client, db: None, words: str) -> None:
    make_release(top=TOP)
    assert "Notice board" in client.get("/apps", {"q": words}).content.decode()


def test_a_search_in_vain_says_so(client: Client, db: None) -> None:
    make_release()
    page = client.get("/apps", {"q": "<kahoot>"}).content.decode()
    assert "No app called “&lt;kahoot&gt;” yet." in page
    assert "Notice board" not in page


def test_an_empty_shelf_says_who_fills_it(client: Client, db: None) -> None:
    assert "behind the counter" in client.get("/apps").content.decode()


def test_only_published_apps_are_on_the_shelf(client: Client, now: datetime, db: None) -> None:
    app = make_release().app
    app.retire(by=None, at=now)
    assert "Notice board" not in client.get("/apps").content.decode()
    assert client.get(f"/apps/{app.slug}").status_code == 404


def test_the_people_behind_the_counter_see_an_app_before_it_is_published(
    client: Client, staff: User, now: datetime
) -> None:
    app = make_release().app
    app.retire(by=None, at=now)
    client.force_login(staff)
    assert client.get(f"/apps/{app.slug}").status_code == 200


def test_an_app_that_nobody_tried_says_so(client: Client, db: None) -> None:
    page = client.get(f"/apps/{make_release().app.slug}").content.decode()
    assert "Not tried here yet: you would be the first." in page


@pytest.mark.parametrize(
    ("options", "words"), [({}, "nothing: runs on “memory”"), ({"price_per_day": "0.40 €"}, "0.40 € a day, at memory")]
)
def test_what_it_costs_is_what_its_place_asks_for(
    client: Client, db: None, options: dict[str, str], words: str
) -> None:
    make_fabric(options=options)
    assert words in client.get(f"/apps/{make_release().app.slug}").content.decode()


def test_what_is_known_of_an_app_comes_from_real_launches(now: datetime, db: None) -> None:
    release = make_release()
    for seconds in (30, 40, 90):
        deployment = launch(release=release, at=now)
        opened = {"admitted_at": now, "ready_at": now + timedelta(seconds=seconds)}
        change(deployment, phase="ready", **opened)
    again = launch(release=release, at=now)
    change(again, phase="ready", attempt=2, admitted_at=now, ready_at=now + timedelta(hours=1))
    broken = launch(release=release, at=now)
    change(broken, phase="failed", admitted_at=now)

    known = evidence([release.app_id])[release.app_id]

    assert (known.opened, known.failed, known.usually) == (4, 1, timedelta(seconds=40))


def test_launches_of_one_app_say_nothing_of_another(db: None) -> None:
    tried, other = ready().release.app_id, failed().release.app_id
    assert evidence([tried, other])[other].opened == 0


def test_a_description_in_markdown_is_shown_without_its_html(client: Client, db: None) -> None:
    top = 'description = "**Bold** <script>alert(1)</script> [home](javascript:alert(1))"'
    page = client.get(f"/apps/{make_release(top=top, end=KEEPS).app.slug}").content.decode()
    assert "<strong>Bold</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_the_front_page_offers_the_first_stalls(client: Client, db: None) -> None:
    make_release()
    page = client.get("/").content.decode()
    assert "Choose an app" in page
    assert "Notice board" in page


@pytest.mark.parametrize(
    ("written", "shown"), [("# Wiki\n\nPages.", "Pages."), ("# How to\nPages.", "# How to\nPages."), ("", "")]
)
def test_a_description_does_not_say_the_apps_name_a_second_time(written: str, shown: str) -> None:
    assert without_title(written, "Wiki").strip() == shown
