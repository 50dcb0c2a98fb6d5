"""What an author may say beyond the smallest manifest, on a real machine."""

import json

import pytest

from tests.e2e.portal import Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]


def health(service: Service) -> list[dict[str, object]]:
    """What was told about its health, without reasons."""
    query = "SELECT told FROM provisioning_entry WHERE happened = 'health' AND deployment_id = ? ORDER BY at, id"
    told = [json.loads(row["told"]) for row in service.portal.rows(query, service.row["id"])]
    return [{name: value for name, value in entry.items() if name != "why"} for entry in told]


def said(service: Service, job: str) -> str:
    """What a job printed, as the portal keeps it."""
    query = "SELECT data FROM provisioning_logchunk WHERE machine_id = ? AND job LIKE ? ORDER BY offset"
    return b"".join(row["data"] for row in service.portal.rows(query, service.machine["id"], f"{job}%")).decode()


def test_an_app_is_asked_mended_and_said_goodbye_to_by_its_own_programs(portal: Portal) -> None:
    service = portal.launch("tiny-wordy", words="the quiet fair")
    service.reaches("ready")
    service.inside("touch", "/srv/tiny/ill")
    until("it is well again", lambda: {"answers": True} in health(service), 90)
    assert health(service) == [{"answers": False}, {"restart": 0}, {"answers": True}]
    until("it was mended, once", lambda: service.inside("cat", "/srv/tiny/kept/mended") == "mended\n", 5)
    service.end()
    service.reaches("gone")
    assert said(service, "teardown").splitlines() == [
        f"goodbye from the quiet fair at {service.address[7:].split(':')[0]}"
    ]
