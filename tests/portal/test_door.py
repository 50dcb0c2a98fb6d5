"""The front door's own pages: the right words, the right status, no cookie."""

import pytest
from django.test import Client

from tests.portal.scenes import SCENES

FACES = {
    "waiting": (503, "is being set up"),
    "building": (503, "is being set up"),
    "ready": (503, "is not answering"),
    "silent": (503, "is not answering"),
    "shut": (403, "was taken off after a report"),
    "failed": (503, "is not answering"),
    "leaving": (410, "has been packed away"),
    "ended": (410, "has been packed away"),
}


@pytest.mark.parametrize("scene", sorted(FACES))
def test_a_visitor_is_told_why_there_is_no_service(client: Client, db: None, scene: str) -> None:
    status, words = FACES[scene]
    answer = client.get(f"/door/{SCENES[scene]().host}")
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["unknown-1a2b3c.apps.localhost", "localhost", "x.apps.localhost.evil.example", "..", "%00"]
)
def test_an_unknown_name_is_nothing(client: Client, db: None, host: str) -> None:
    answer = client.get(f"/door/{host}")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_a_name_is_known_in_any_case_and_with_a_port(client: Client, db: None) -> None:
    host = SCENES["building"]().host
    assert client.get(f"/door/{host.upper()}:8080").status_code == 503


def test_the_page_wears_the_portals_clothes_under_another_name(client: Client, db: None) -> None:
    answer = client.get("/door/unknown.apps.localhost")
    assert b'href="http://localhost:8000/static/site.css"' in answer.content
    assert "style-src http://localhost:8000" in answer.headers["Content-Security-Policy"]


def test_a_page_about_a_launch_opens_the_service_by_itself(client: Client, db: None) -> None:
    assert b'data-again="3"' in client.get(f"/door/{SCENES['building']().host}").content
    assert b'data-again=""' in client.get(f"/door/{SCENES['silent']().host}").content
