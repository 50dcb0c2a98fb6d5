"""The poster of a service: what is on it, and who gets it."""

import re

import pytest
from django.test import Client

from portal.models import User
from portal.pages.poster import qr
from tests.makers import make_event
from tests.portal import scenes


def test_a_poster_shows_the_event_the_service_and_an_address_to_scan(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner), title="Notice board")
    page = visit.get(f"/services/{deployment.key}/poster").content.decode()
    assert [words for words in ("Spring Fair", "Notice board", deployment.url, 'class="qr"') if words not in page] == []


def test_an_open_service_leads_to_its_poster(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    page = visit.get(f"/services/{deployment.key}").content.decode()
    assert f"/services/{deployment.key}/poster" in page
    assert f'data-share="{deployment.url}"' in page


def test_an_open_service_shows_its_code_on_its_own_page(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    assert str(qr(deployment.url)) in visit.get(f"/services/{deployment.key}").content.decode()


@pytest.mark.parametrize("scene", ["leaving", "ended"])
def test_there_is_no_poster_for_an_address_that_is_gone(visit: Client, owner: User, scene: str) -> None:
    deployment = scenes.SCENES[scene](make_event(owner))
    assert visit.get(f"/services/{deployment.key}/poster").status_code == 404


def test_a_stranger_gets_no_poster(client: Client, owner: User, stranger: User) -> None:
    deployment = scenes.ready(make_event(owner))
    client.force_login(stranger)
    assert client.get(f"/services/{deployment.key}/poster").status_code == 404


def test_different_addresses_have_different_codes_and_need_no_style_of_their_own() -> None:
    one, other = qr("https://board-1a2b3c.example.org"), qr("https://board-1a2b3d.example.org")
    assert one != other
    assert re.findall(r"\bstyle=|<script|href=", one) == []
