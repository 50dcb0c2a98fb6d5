"""The pages for whoever watches over the portal: alive, ready, metrics."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from cli.home import known_by
from portal.models import User
from portal.server import health
from portal.server.metrics import FromDatabase, metrics
from provisioning.models import Deployment, Fabric, Mail, Stray
from provisioning.phases import Phase
from tests.makers import launch, make_event, make_fabric, make_release

FAR = "203.0.113.7"


def read(at: datetime) -> dict[str, float]:
    """Every sample by its name and labels, without the cache."""
    cache.clear()
    families = text_string_to_metric_families(metrics(at).decode())
    samples = [sample for family in families for sample in family.samples]
    return {"/".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_whoever_answers_and_reaches_the_database_is_alive(client: Client, db: None, settings: Settings) -> None:
    page = client.get("/healthz")
    assert (page.status_code, page.content) == (200, b"fine\n")
    assert page["X-Portal"] == known_by(settings.PORTAL_ID) != settings.PORTAL_ID
    assert "set-cookie" not in page.headers


def test_a_portal_without_its_database_is_not_alive(client: Client, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE portal_heartbeat")
    page = client.get("/healthz")
    assert (page.status_code, page.content) == (503, b"the database does not answer\n")


def test_a_portal_whose_workers_hear_the_clock_is_ready(client: Client, now: datetime, db: None) -> None:
    health.beat("sweep", now)
    assert client.get("/healthz/ready").content == b"not heard for a minute: clicks\n"
    health.beat("clicks", now - timedelta(seconds=61))
    assert client.get("/healthz/ready").status_code == 503
    health.beat("clicks", now)
    assert client.get("/healthz/ready").status_code == 200


def test_metrics_are_for_this_computer_or_for_who_shows_the_bearer(
    client: Client, settings: Settings, db: None
) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR=FAR).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": FAR}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR=FAR, headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_BEARER = "the-right-one"
    assert client.get("/metrics", REMOTE_ADDR=FAR, headers={"Authorization": "Bearer another"}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR=FAR, headers={"Authorization": "Bearer the-right-one"}).status_code == 200


def test_launches_are_counted_by_app_and_by_how_long_they_took(owner: User, now: datetime) -> None:
    release, event = make_release(), make_event(owner, at=now)
    for number, took in enumerate([12, 50, None]):
        ready_at = now + timedelta(seconds=took) if took else None
        row = launch(event, release, at=now)
        Deployment.objects.filter(pk=row.pk).update(admitted_at=now, ready_at=ready_at, failed_attempt=int(number == 2))
    told, app = read(now), release.app.slug
    outcomes = [told[f"fairground_launches_{name}_total/{app}"] for name in ("begun", "ready", "failed")]
    assert outcomes == [3, 2, 1]
    within = [told[f"fairground_seconds_to_ready_bucket/{app}/{edge}"] for edge in ("10.0", "20.0", "60.0", "+Inf")]
    assert within == [0, 1, 2, 2]
    assert told[f"fairground_seconds_to_ready_sum/{app}"] == 62


def test_rows_that_nobody_looks_at_are_told(owner: User, now: datetime) -> None:
    launch(make_event(owner, at=now), at=now - timedelta(seconds=40))
    told = read(now)
    assert (told["fairground_rows_overdue/deployment"], told["fairground_oldest_due_seconds/deployment"]) == (1, 40)
    assert (told["fairground_rows_overdue/machine"], told["fairground_oldest_due_seconds/machine"]) == (0, 0)
    assert (told["fairground_queue_length"], told["fairground_services/waiting"]) == (1, 1)


def test_room_strays_and_mails_are_told(now: datetime, db: None) -> None:
    place = make_fabric(most_machines=7)
    Stray.objects.create(fabric=place, key="x", first_seen_at=now)
    Mail.objects.create(recipient="ada@example.org", subject="Hello", text="Hello", created_at=now, due_at=now)
    told = read(now)
    assert (told["fairground_place_room/memory"], told["fairground_strays"], told["fairground_mails_unsent"]) == (
        7,
        1,
        1,
    )
    Fabric.objects.update(is_open=False)
    assert read(now)["fairground_place_room/memory"] == 0


def test_a_missing_backup_is_infinitely_old(now: datetime, db: None, settings: Settings, tmp_path: Path) -> None:
    settings.BACKUPS = tmp_path / "backups"
    assert read(now)["fairground_backup_age_seconds"] == float("inf")
    settings.BACKUPS.mkdir()
    (settings.BACKUPS / "one").touch()
    assert abs(read(now)["fairground_backup_age_seconds"]) < 3600


def test_an_answer_is_kept_for_some_seconds(
    now: datetime, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cache.clear()
    first = metrics(now)
    with django_assert_num_queries(0):
        assert metrics(now) == first


@pytest.mark.parametrize("services", [1, 12])
def test_more_rows_ask_no_more_questions(
    services: int, owner: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(services):
        launch(make_event(owner, at=now), at=now)
    with django_assert_num_queries(8):
        list(FromDatabase(now).collect())


def test_nothing_of_anybody_is_in_the_metrics(owner: User, now: datetime) -> None:
    row = launch(make_event(owner, at=now), at=now)
    told = " ".join(read(now))
    assert not re.search(rf"{owner.email}|{row.key}|{row.name}", told)
    assert all(f"fairground_services/{phase}" in told for phase in Phase)
