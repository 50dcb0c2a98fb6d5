"""Reports: anybody may send one, a person reads it, and it is no door for programs."""

from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal import house
from portal.models import User
from provisioning.models import Deployment, Mail, Report
from provisioning.phases import Decision
from tests.portal.scenes import ready

SAID = {"reason": "trick", "words": "It wants my bank password", "email": "visitor@example.org", "homepage": ""}


@pytest.fixture
def service(db: None) -> Deployment:
    """What is reported."""
    return ready()


def send(client: Client, host: str, **said: str) -> int:
    return client.post("/report", SAID | {"host": host} | said).status_code


def test_whoever_follows_the_link_of_a_page_need_not_type_its_address(client: Client, service: Deployment) -> None:
    asked = client.get(f"/report?host={service.host}").content.decode()
    assert f'<input type="hidden" name="host" value="{service.host}"' in asked
    assert "A person who runs Fairground reads it" in asked


@pytest.mark.parametrize("written", ["{host}", "http://{host}:8080/login?a=b", "{HOST}"])
def test_a_report_is_kept_with_the_service_it_is_about(client: Client, service: Deployment, written: str) -> None:
    assert send(client, written.format(host=service.host, HOST=service.host.upper())) == 302
    kept = Report.objects.get()
    assert (kept.deployment, kept.host, kept.reason, kept.decision) == (service, service.host, "trick", "open")


def test_an_address_that_leads_nowhere_can_be_reported_too(client: Client, db: None) -> None:
    send(client, "nobody-1a2b3c.apps.localhost")
    assert Report.objects.get().deployment is None


def test_where_services_have_no_names_the_port_says_which_it_is(client: Client, db: None) -> None:
    send(client, "http://192.168.7.5:9001/login")
    assert Report.objects.get().host == "192.168.7.5:9001"


def test_the_people_behind_the_counter_are_told(client: Client, service: Deployment, staff: User) -> None:
    send(client, service.host)
    told = Mail.objects.get()
    assert told.recipient == staff.email
    assert "It wants my bank password" in told.text


def test_a_program_that_fills_in_everything_is_thanked_and_nothing_more(client: Client, service: Deployment) -> None:
    assert send(client, service.host, homepage="https://cheap.example") == 302
    assert not Report.objects.exists()


def test_one_address_cannot_flood_the_desk(client: Client, service: Deployment) -> None:
    cache.clear()
    assert [send(client, service.host) for _ in range(7)] == [302] * 5 + [429] * 2
    assert Report.objects.count() == 5


def test_a_wrong_mail_address_is_told_and_nothing_typed_is_lost(client: Client, service: Deployment) -> None:
    answer = client.post("/report", SAID | {"host": service.host, "email": "nobody"}).content.decode()
    assert "It wants my bank password" in answer
    assert not Report.objects.exists()


def test_the_page_asks_the_database_nothing(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    house.name()  # remembered, as on any page before
    with django_assert_num_queries(0):
        client.get("/report?host=x.apps.localhost")


def test_every_page_of_the_front_door_leads_to_the_report(client: Client, service: Deployment) -> None:
    assert f"/report?host={service.host}" in client.get(f"/door/{service.host}").content.decode()


def test_a_report_is_decided_once_and_forgets_who_sent_it(service: Deployment, staff: User, now: datetime) -> None:
    report = Report.objects.create(host=service.host, reason="other", mail="visitor@example.org", at=now)
    assert report.decide(Decision.ANSWERED, answer="No.", by=staff, at=now)
    assert not report.decide(Decision.SUSPENDED, answer="", by=staff, at=now)
    report.refresh_from_db()
    assert (report.decision, report.mail, report.decided_by) == ("answered", "", staff)
