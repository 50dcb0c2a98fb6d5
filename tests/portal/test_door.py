"""The front door's own pages: the right words, the right status, no cookie."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import User
from provisioning.models import Deployment, Machine
from tests.makers import make_event
from tests.portal.scenes import SCENES, change

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


def begun(scene: str) -> Deployment:
    """A service of an event that has opened."""
    return SCENES[scene](make_event(at=timezone.now()))


@pytest.mark.parametrize("scene", sorted(FACES))
def test_a_visitor_is_told_why_there_is_no_service(client: Client, db: None, scene: str) -> None:
    status, words = FACES[scene]
    answer = client.get(f"/door/{begun(scene).host}")
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["unknown-1a2b3c.apps.localhost", "localhost", "x.apps.localhost.evil.example", ".."])
def test_an_unknown_name_is_nothing(client: Client, db: None, host: str) -> None:
    answer = client.get(f"/door/{host}")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_a_name_is_known_in_any_case_and_with_a_port(client: Client, db: None) -> None:
    host = begun("building").host
    assert client.get(f"/door/{host.upper()}:8080").status_code == 503


def test_the_page_wears_the_portals_clothes_under_another_name(client: Client, db: None) -> None:
    answer = client.get("/door/unknown.apps.localhost")
    assert b'href="http://localhost:8000/static/site.css"' in answer.content
    assert "style-src http://localhost:8000" in answer.headers["Content-Security-Policy"]


def test_a_page_about_a_launch_opens_the_service_by_itself(client: Client, db: None) -> None:
    assert b'data-again="3"' in client.get(f"/door/{begun('building').host}").content
    assert b'data-again=""' in client.get(f"/door/{begun('silent').host}").content


def test_before_its_event_opens_a_visitor_is_told_when(client: Client, db: None) -> None:
    event = make_event(at=timezone.now() + timedelta(hours=2))
    hosts = [SCENES[scene](event, at=event.opens_at).host for scene in ("building", "silent", "failed")]
    for host in hosts:
        answer = client.get(f"/door/{host}")
        page = answer.content.decode()
        assert (answer.status_code, "Spring Fair opens " in page) == (503, True)
        assert 7000 < int(answer.headers["Retry-After"]) <= 7200
        assert f"/door/{host}/calendar.ics" in page
        assert client.get(f"/door/{host}/calendar.ics").headers["Content-Type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("scene", ["shut", "ended"])
def test_what_is_over_or_shut_is_not_said_to_open(client: Client, db: None, scene: str) -> None:
    event = make_event(at=timezone.now() + timedelta(hours=2))
    host = SCENES[scene](event, at=event.opens_at).host
    assert client.get(f"/door/{host}").status_code == FACES[scene][0]
    assert client.get(f"/door/{host}/calendar.ics").status_code == 404


@pytest.mark.parametrize("waits_for", ["no-room", "no-room-there", "the-event-is-full", "launches-are-paused"])
def test_where_there_is_no_room_a_visitor_is_not_told_that_it_takes_a_minute(
    client: Client, db: None, waits_for: str
) -> None:
    deployment = begun("waiting")
    change(deployment, waits_for=waits_for)
    answer = client.get(f"/door/{deployment.host}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "All places are taken at the moment" in answer.content.decode()
    assert b'data-again="60"' in answer.content


def test_one_whose_programs_are_started_anew_wakes_up_and_opens_by_itself(client: Client, owner: User) -> None:
    deployment = begun("silent")
    deployment.restart(by=owner, at=timezone.now())
    answer = client.get(f"/door/{deployment.host}")
    assert "is waking up" in answer.content.decode()
    assert b'data-again="3"' in answer.content
    Machine.objects.update(restart_asked_at=timezone.now() - timedelta(minutes=3))
    assert "is not answering" in client.get(f"/door/{deployment.host}").content.decode()


def test_how_long_it_takes_is_said_only_if_launches_have_shown_it(client: Client, db: None) -> None:
    deployment = begun("building")
    assert "Most take" not in client.get(f"/door/{deployment.host}").content.decode()
    SCENES["ready"](make_event(at=timezone.now()))
    Deployment.objects.update(release=deployment.release)
    assert "Most take about 38 s." in client.get(f"/door/{deployment.host}").content.decode()


def test_nobody_is_said_to_have_been_told_of_a_silence_that_is_not_known_yet(client: Client, db: None) -> None:
    told = "have been told"
    assert told not in client.get(f"/door/{begun('ready').host}").content.decode()
    assert told in client.get(f"/door/{begun('silent').host}").content.decode()
