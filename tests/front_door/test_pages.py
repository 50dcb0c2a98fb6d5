"""What visitors see at an address, on a real Caddy."""

import pytest

from provisioning.driver import Endpoint
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


def test_with_the_portal_away_too_there_is_a_sentence(caddy: Caddy, portal: Site) -> None:
    portal.close()
    lead(caddy, Endpoint("127.0.0.1", free_port()))
    for host in (HOST, "unknown.apps.localhost"):
        page = caddy.get(host)
        assert (page.status_code, page.headers["x-fairground-door"]) == (503, "closed")
        assert "Please try again" in page.text


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
