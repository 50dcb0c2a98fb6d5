"""A whole launch on a cloud: API and bodies are a stand-in, all between them and the portal is real."""

import json

import pytest

from tests.cloud.whole import WholeCloud
from tests.e2e.portal import Portal
from tests.e2e.service import Service
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
SLOW = 180.0
"""Seconds: an instance boots, and its end is looked at a second time."""


@pytest.fixture(scope="module")
def service(portal: Portal) -> Service:
    """One that is ready."""
    launched = portal.launch("tiny")
    launched.reaches("ready", SLOW)
    return launched


def instance_of(service: Service) -> str:
    return str(json.loads(service.machine["sighting"])["place_id"])


def test_an_instance_boots_tells_its_own_host_key_is_installed_and_answers(service: Service, cloud: WholeCloud) -> None:
    instance, known = instance_of(service), service.machine["enrolled_key"]
    assert cloud.bodies.inside(instance, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").startswith(f"{known} ")
    until("the console shows the same key", lambda: known in cloud.api.consoles[instance])
    assert "Tiny is here" in service.page().text
    assert [one["InstanceId"] for one in cloud.instances()] == [instance]


def test_an_instance_gets_new_content_through_the_git_door(service: Service, portal: Portal) -> None:
    assert service.page("/content/news.txt").text == "the first content\n"
    portal.publish_news("news for the cloud\n")
    service.press("/pull")
    service.shows("news for the cloud", "/content/news.txt", seconds=60)


def test_nothing_of_it_is_left_at_the_end(service: Service, cloud: WholeCloud, portal: Portal) -> None:
    service.end()
    service.reaches("gone", SLOW)
    until("its body is gone", lambda: not cloud.bodies.containers())
    assert not cloud.left()
    told = [json.loads(line) for line in portal.manage("roll_call").splitlines()]
    assert [(roll["complete"], roll["machines"]) for roll in told] == [(True, [])] * 2
    assert service.page().status_code == 410
