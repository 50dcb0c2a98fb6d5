"""What visitors see at an address, on a real Caddy."""

import re

import pytest
from django.conf import settings

from provisioning.driver import Endpoint
from provisioning.front_door.closed import WORDS
from provisioning.step import RouteLine
from tests.front_door.doors import Caddy, Site, free_port

pytestmark = [pytest.mark.caddy, pytest.mark.thorough]
HOST = "auction-linden.apps.localhost"
OURS = f"/door/{HOST}"


@pytest.fixture(autouse=True)
def _page(portal: Site) -> None:
    portal.pages[OURS] = (503, {"Set-Cookie": "sessionid=stolen"}, b"being set up")


def lead(caddy: Caddy, upstream: Endpoint) -> None:
    caddy.door.put(RouteLine("r1", HOST, upstream), within=5)


def test_an_address_without_a_line_shows_the_portals_page_with_its_status(caddy: Caddy) -> None:
    page = caddy.get(HOST, "/some/where?x=1")
    assert (page.status_code, page.text, page.headers["x-fairground-door"]) == (503, "being set up", "none")


def test_a_service_that_does_not_answer_shows_the_portals_page(caddy: Caddy, portal: Site) -> None:
    lead(caddy, Endpoint("127.0.0.1", free_port()))
    page = caddy.ask("POST", HOST, "/form", {})
    assert (page.status_code, page.text, page.headers["x-fairground-door"]) == (503, "being set up", "down")
    assert portal.asked[-1][0] == "GET"
    assert portal.asked[-1][2]["x-fairground-door"] == "down"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_error_of_the_service_is_ours_for_people_and_its_own_for_programs(
    caddy: Caddy, service: Site, status: int
) -> None:
    service.pages["/"] = (status, {"Content-Type": "application/json"}, b'{"busy": true}')
    lead(caddy, service.endpoint)
    assert caddy.get(HOST).text == "being set up"
    told = caddy.get(HOST, Accept="application/json")
    assert (told.status_code, told.text) == (status, '{"busy": true}')


def test_other_errors_of_the_service_are_its_own_words(caddy: Caddy, service: Site) -> None:
    service.pages["/"] = (500, {}, b"its own words")
    lead(caddy, service.endpoint)
    assert (caddy.get(HOST).status_code, caddy.get(HOST).text) == (500, "its own words")


def test_with_the_portal_away_too_caddy_has_a_page_of_its_own(caddy: Caddy, portal: Site) -> None:
    portal.close()
    lead(caddy, Endpoint("127.0.0.1", free_port()))
    for host in (HOST, "unknown.apps.localhost"):
        page = caddy.get(host)
        assert (page.status_code, page.headers["x-fairground-door"]) == (503, "closed")
        assert (page.headers["retry-after"], page.headers["cache-control"]) == ("30", "no-store")
        assert "Please try again" in page.text
        assert "{" in page.text  # its style, which Caddy could take for words to be filled in


def test_that_page_fetches_nothing_and_may_not(caddy: Caddy, portal: Site) -> None:
    portal.close()
    page = caddy.get(HOST)
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"|url\(|<script|<link|@import", page.text) == [""]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_that_page_speaks_the_visitors_language_and_to_programs_in_one_line(caddy: Caddy, portal: Site) -> None:
    portal.close()
    for asked, said in (("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,de", "en"), ("", "en")):
        page = caddy.get(HOST, Accept_Language=asked)
        assert (page.headers["content-language"], f'lang="{said}"' in page.text) == (said, True)
    told = caddy.get(HOST, Accept="application/json")
    assert (told.status_code, told.headers["retry-after"]) == (503, "30")
    assert told.headers["content-type"].startswith("text/plain")


def test_it_speaks_every_language_of_the_portal() -> None:
    assert set(WORDS) == {code for code, _ in settings.LANGUAGES}


def test_running_services_answer_while_the_portal_is_away(caddy: Caddy, portal: Site, service: Site) -> None:
    lead(caddy, service.endpoint)
    portal.close()
    assert caddy.get(HOST).status_code == 200


def test_claims_of_the_visitor_are_replaced_by_facts(caddy: Caddy, service: Site) -> None:
    lead(caddy, service.endpoint)
    caddy.get(HOST, X_Forwarded_For="6.6.6.6", X_Forwarded_Host="evil", Forwarded="for=6.6.6.6", X_Real_IP="6.6.6.6")
    got = service.asked[-1][2]
    assert "6.6.6.6" not in str(got)
    assert (got["x-forwarded-for"], got["x-forwarded-host"], got["x-forwarded-proto"]) == ("127.0.0.1", HOST, "http")


def test_the_portal_sees_no_cookie_of_a_service_and_sets_none(caddy: Caddy, portal: Site) -> None:
    page = caddy.get(HOST, Cookie="sessionid=mine", Authorization="Basic eA==", X_Fairground_Door="forged")
    assert "set-cookie" not in page.headers
    assert not {"cookie", "authorization"} & portal.asked[-1][2].keys()
    assert portal.asked[-1][2]["host"] == "localhost:8000"
    assert portal.asked[-1][2]["x-fairground-door"] == "none"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "a.b.apps.localhost", "%2e%2e.apps.localhost", "apps.localhost"]
)
def test_a_name_that_is_none_of_ours_never_reaches_the_portal(caddy: Caddy, portal: Site, host: str) -> None:
    assert caddy.get(host).status_code == 404
    assert portal.asked == []


def test_capital_letters_and_a_port_are_the_same_address(caddy: Caddy, portal: Site) -> None:
    portal.pages["/door/Auction-Linden.apps.localhost"] = (200, {}, b"found")
    assert caddy.get(f"Auction-Linden.apps.localhost:{caddy.port}").text == "found"
