"""What everybody may know of this house: how it stands, in plain words, and without a secret."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from portal.pages.standing import standings
from portal.server import health
from provisioning.models import Admission, House, Mail
from tests.makers import make_event, make_person
from tests.portal import scenes

PAGES = ["/status", "/help", "/terms", "/accessibility"]


def wrong(at: datetime) -> list[str]:
    """What is not well."""
    return [line.what for line in standings(at) if not line.is_well]


@pytest.fixture
def well(db: None, now: datetime, settings: Settings) -> datetime:
    """A portal that is well."""
    settings.EMBEDDED_MAIL = False
    for worker in health.WORKERS:
        health.beat(worker, now)
    return now


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_for_everybody_and_names_whom_to_ask(client: Client, db: None, path: str) -> None:
    House.objects.create(contact="Ms Weber, room 12")
    assert "Ms Weber, room 12" in client.get(path).content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_to_them_at_its_foot(client: Client, db: None, path: str) -> None:
    page = client.get("/apps").content.decode()
    assert f'href="{path}"' in page.partition("<footer")[2]


def test_a_portal_that_is_well_says_so(client: Client, well: datetime) -> None:
    scenes.ready(at=well)
    assert wrong(well) == []
    assert "All is well" in client.get("/status").content.decode()


def paused(_at: datetime) -> None:
    Admission.let_in(False)


def restored(_at: datetime) -> None:
    Admission.objects.create(quarantined=True)


def in_line(at: datetime) -> None:
    scenes.waiting(at=at)


def silent(at: datetime) -> None:
    scenes.silent(at=at - timedelta(hours=1))


def failing(at: datetime) -> None:
    scenes.failed(at=at)


def late_mail(at: datetime) -> None:
    Mail.objects.create(
        recipient="anna@example.org", subject="x", text="x", created_at=at - timedelta(hours=1), due_at=at
    )


@pytest.mark.parametrize(
    ("bring", "told"),
    [
        (paused, "launches are paused"),
        (restored, "put back from a backup"),
        (in_line, "1 launch waits for room"),
        (silent, "1 of 1 open services do not answer"),
        (failing, "Of the last week's one launch, 0 opened"),
        (late_mail, "Mails are late"),
    ],
)
def test_what_is_not_well_is_told(well: datetime, bring: Callable[[datetime], None], told: str) -> None:
    bring(well)
    assert [told in line for line in wrong(well)] == [True]


def test_a_part_that_is_not_heard_is_told(well: datetime) -> None:
    assert "has not been heard for a minute" in wrong(well + timedelta(minutes=2))[0]


def test_nobody_is_named_and_however_much_there_is_the_database_is_asked_as_often(
    client: Client, well: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        scenes.ready(make_event(make_person("anna"), at=well, name="Secret fair"), at=well, title="Hidden wiki")
        with django_assert_max_num_queries(8):
            page = client.get("/status").content.decode()
    assert [word for word in ("anna", "Secret fair", "Hidden wiki", ".apps.") if word in page] == []
