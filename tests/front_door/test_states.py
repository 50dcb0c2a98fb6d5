"""Every state of a service as a visitor meets it: the real portal behind a real Caddy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone

from provisioning.driver import Endpoint
from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, free_port
from tests.makers import make_event, make_person
from tests.portal.scenes import SCENES
from tests.portal.site import site

pytestmark = [pytest.mark.caddy, pytest.mark.thorough, pytest.mark.django_db(transaction=True)]
STATES = {
    "waiting": (503, "3", "is being set up"),
    "building": (503, "3", "is being set up"),
    "silent": (503, "60", "is not answering"),
    "ready": (503, "60", "is not answering"),
    "failed": (503, "60", "is not answering"),
    "shut": (403, None, "was taken off after a report"),
    "leaving": (410, None, "has been packed away"),
    "ended": (410, None, "has been packed away"),
}


class Portal:
    """Where the portal answers, as the front door wants to know it."""

    def __init__(self, url: str) -> None:
        self.netloc = urlsplit(url).netloc

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", int(self.netloc.rpartition(":")[2]))


@pytest.fixture
def front(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Iterator[Caddy]:
    """A Caddy before the whole site."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    with site() as url:
        portal = Portal(url)
        folder = Path(tmp_path_factory.mktemp("fd"))
        caddy = Caddy(folder, portal, portal_host=portal.netloc)  # type: ignore[arg-type]
        caddy.start()
        yield caddy
        caddy.kill()


@pytest.mark.parametrize("scene", sorted(STATES))
def test_every_state_has_its_words_its_status_and_its_way_to_report(front: Caddy, scene: str) -> None:
    status, again, words = STATES[scene]
    service = SCENES[scene](make_event(make_person(), at=timezone.now()), at=timezone.now())
    if scene in ("silent", "ready"):
        front.door.put(RouteLine("r1", service.host, Endpoint("127.0.0.1", free_port())), within=5)
    page = front.get(service.host, "/some/page")
    assert (page.status_code, page.headers.get("Retry-After")) == (status, again)
    assert words in page.text
    assert f"{settings.SITE_URL}/report?host={service.host}" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_an_address_that_never_was_has_its_page_too(front: Caddy) -> None:
    page = front.get("nobody-1a2b3c.apps.localhost")
    assert (page.status_code, page.headers.get("Retry-After")) == (404, None)
    assert "There is nothing at this address" in page.text
    assert "/report?host=nobody-1a2b3c.apps.localhost" in page.text
