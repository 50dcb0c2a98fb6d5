"""Where services have no names: each has a port, and nobody else gets it until it is gone for long."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cli import local_network as cli_network
from cli.talk import HaltError
from portal import gate
from provisioning.models import Deployment, local_network
from provisioning.models.local_network import NoPortLeftError
from provisioning.phases import Phase, Wanted
from tests.makers import NOON, launch, make_event, make_release

pytestmark = pytest.mark.thorough

ADDRESS = "192.168.1.5"
KEPT = {"WEB_LISTEN": "127.0.0.1:8000"}


@pytest.fixture(autouse=True)
def _room(settings: Settings, db: None) -> None:
    settings.LAN_ADDRESS, settings.LAN_PORTS = ADDRESS, "8100-8102"


def end(row: Deployment) -> None:
    Deployment.objects.filter(pk=row.pk).update(wanted=Wanted.GONE, phase=Phase.GONE, phase_at=NOON, due_at=None)


def test_each_service_has_an_address_of_its_own() -> None:
    first, second = launch(), launch()
    assert (first.host, first.url) == (f"{ADDRESS}:8100", f"http://{ADDRESS}:8100/")
    assert second.url == f"http://{ADDRESS}:8101/"
    assert gate.service_at(f"{ADDRESS}:8101") == second
    assert gate.service_at(f"{ADDRESS}:8102") is None
    assert gate.service_at(f"10.0.0.1:{first.port}") is None


def test_a_port_is_nobodys_for_days_after_its_end_and_then_the_one_longest_free() -> None:
    rows = [launch() for _ in range(3)]
    end(rows[1])
    with pytest.raises(NoPortLeftError):
        launch(at=NOON + local_network.KEPT - timedelta(seconds=1))
    again = launch(at=NOON + local_network.KEPT)
    assert again.port == rows[1].port
    assert gate.service_at(again.host) == again


def test_a_port_never_used_comes_before_one_that_was(settings: Settings) -> None:
    end(launch())
    assert launch(at=NOON + timedelta(days=90)).port == 8101


def test_what_ran_before_gets_its_port_at_the_start(settings: Settings) -> None:
    settings.LAN_ADDRESS = ""
    named, ended = launch(), launch()
    end(ended)
    assert named.port is None
    settings.LAN_ADDRESS = ADDRESS
    assert local_network.give_to_all(NOON) == 1
    assert Deployment.objects.get(pk=named.pk).port == 8100


def test_without_a_free_port_the_form_says_so_and_nothing_begins(client: Client) -> None:
    event = make_event(at=timezone.now())
    rows = [launch(event, at=timezone.now()) for _ in range(3)]
    client.force_login(event.owner)
    app = make_release().app.slug
    given = {"form_token": "token", "event": event.key, "title": "Board", "time_zone": "UTC"}
    page = client.post(f"/services/new?app={app}", given)
    assert page.status_code == 200
    assert "No address is free at the moment" in page.content.decode()
    assert set(Deployment.objects.all()) == set(rows)


@pytest.mark.parametrize("wrong", ["room.local", "0.0.0.0", "::1", "203.0.113.9"])
def test_an_address_that_is_not_ours_is_refused_with_what_to_do(wrong: str) -> None:
    with pytest.raises(HaltError, match="address"):
        cli_network.choose(wrong, KEPT, {})


def test_the_address_is_kept_until_localhost_is_asked_for() -> None:
    asked = cli_network.choose("127.0.0.2", KEPT, {"WEB_LISTEN": "127.0.0.1:8001"})
    assert (asked["SITE_URL"], asked["LAN_LISTEN"]) == ("http://127.0.0.2:8001", "127.0.0.2:8001")
    later = KEPT | asked
    assert cli_network.choose(None, later, {})["LAN_LISTEN"] == "127.0.0.2:8000"
    back = cli_network.choose("localhost", later, {})
    assert (back["SITE_URL"], back["LAN_ADDRESS"], back["LAN_LISTEN"]) == ("http://localhost:8000", "", "")
    assert cli_network.choose(None, KEPT, {}) == {}
