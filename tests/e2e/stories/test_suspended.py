"""A service is taken off on a real portal: its visitors and its real machine's network are cut, and nothing is lost."""

import pytest

from cli.visitor import Visitor
from tests.e2e.portal import Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
STAFF = "from portal.models import User; User.objects.filter(email='holm@example.org').update(is_staff=True)"
KEPT = "SELECT a.size FROM provisioning_archive a WHERE a.deployment_id = ?"


@pytest.fixture(scope="module")
def desk(portal: Portal) -> Visitor:
    """Somebody behind the counter."""
    person = portal.person("holm")
    portal.manage("shell", "-v", "0", "-c", STAFF)
    return person


@pytest.fixture
def off(portal: Portal, desk: Visitor) -> Service:
    """A service that people used, and that was taken off."""
    service = portal.launch("tiny")
    service.reaches("ready")
    service.inside("touch", "/srv/tiny/written-by-people")
    desk.look(f"/desk/services/{service.key}/suspend")
    desk.press("Yes, take it off now", why="It is a trick.")
    until("visitors are kept out", lambda: service.page().status_code == 403)
    until("its machine has no network", lambda: not networks(service))
    return service


def networks(service: Service) -> list[str]:
    """What its machine is connected to, as the engine tells."""
    return list(service.container.attrs["NetworkSettings"]["Networks"])


def test_a_service_that_was_taken_off_says_so_and_opens_again_with_everything_in_it(
    off: Service, desk: Visitor
) -> None:
    assert "taken off after a report" in off.page().text
    assert "It is a trick." in off.by.look(f"/services/{off.key}")
    assert off.row["phase"] == "ready"
    desk.look("/desk/reports")
    desk.press("Open it again")
    off.shows("Tiny is here")
    until("it is no longer suspended", lambda: off.row["suspended_at"] is None)
    assert off.has("/srv/tiny/written-by-people")
    assert len(networks(off)) == 1
    off.end()


def test_a_service_that_was_taken_off_ends_with_a_copy_and_leaves_nothing(portal: Portal, off: Service) -> None:
    off.by.look(f"/services/{off.key}")
    portal.manage("shell", "-v", "0", "-c", END.format(key=off.key))
    off.reaches("gone")
    assert off.machine["settled"] == "archived"
    assert portal.rows(KEPT, off.row["id"])
    assert portal.left_of(off.machine["key"]) == []


END = (
    "from django.utils.timezone import now; from provisioning.models import Deployment; "
    "Deployment.objects.get(key='{key}').retire(by=None, at=now())"
)
"""Its owner's page has no button for it while it is off; its day comes all the same."""
