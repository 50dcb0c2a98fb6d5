"""An hour with an app without an account, where the administrators allow it."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Release
from portal.mail import notices
from portal.models import User
from portal.people import trials
from provisioning.models import Deployment, Event, House, Mail
from provisioning.phases import Phase, Wanted
from tests.makers import KEEPS, make_fabric, make_release
from tests.portal.scenes import change

HOUR = timedelta(hours=1)
QUESTION = """
[[param]]
id = "school"
label = "Which school?"
ask = true
"""


@pytest.fixture
def release(db: None) -> Release:
    """An app, in a house that lets two people try."""
    cache.clear()
    House.objects.create(trials_at_once=2)
    make_fabric()
    return make_release()


def begin(client: Client, release: Release) -> Deployment:
    """Press, as somebody without an account."""
    assert client.post(f"/try/{release.app.slug}").headers["Location"] == "/trial"
    return Deployment.objects.latest("pk")


def test_nobody_tries_where_nobody_allowed_it(client: Client, db: None) -> None:
    slug = make_release().app.slug
    assert client.get(f"/try/{slug}").status_code == 404
    assert client.post(f"/try/{slug}").status_code == 404
    assert "Try for an hour" not in client.get(f"/apps/{slug}").content.decode()


def test_an_app_that_cannot_do_without_an_answer_is_not_tried(client: Client, release: Release) -> None:
    slug = make_release(end=QUESTION + KEEPS).app.slug
    assert "Try for an hour" not in client.get(f"/apps/{slug}").content.decode()
    assert client.get(f"/try/{slug}").status_code == 404
    assert client.post(f"/try/{slug}").status_code == 404
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("answer", ['default = "Linden"', 'generate = "words"'])
def test_an_app_that_suggests_an_answer_is_tried_with_it(client: Client, release: Release, answer: str) -> None:
    suggests = make_release(end=f"{QUESTION}{answer}\n{KEEPS}")
    assert "Try for an hour" in client.get(f"/apps/{suggests.app.slug}").content.decode()
    assert begin(client, suggests).values["school"]


def test_a_trial_lasts_an_hour_and_is_nobodys(client: Client, release: Release) -> None:
    assert "Try for an hour" in client.get(f"/apps/{release.app.slug}").content.decode()
    service = begin(client, release)
    assert service.expires_at - service.created_at == HOUR
    assert (service.owner, service.owner.is_active, service.owner.email) == (trials.nobody(), False, "")
    assert "This is yours to try. It is taken down" in client.get("/trial").content.decode()


def test_one_browser_has_one_trial_and_no_other_browser_sees_it(client: Client, release: Release) -> None:
    service = begin(client, release)
    assert client.post(f"/try/{release.app.slug}").headers["Location"] == "/trial"
    assert Deployment.objects.count() == 1
    other = Client()
    assert other.get("/trial").headers["Location"] == "/apps"
    assert other.post("/trial/keep").headers["Location"] == "/apps"
    assert other.get(f"/services/{service.key}").status_code == 302


def test_when_as_many_try_as_may_the_next_is_told_so(release: Release) -> None:
    for _ in range(2):
        begin(Client(), release)
    answer = Client().post(f"/try/{release.app.slug}")
    assert answer.status_code == 503
    assert "All places for trying are taken at the moment." in answer.content.decode()
    assert Deployment.objects.count() == 2


def test_one_address_begins_three_trials_an_hour(release: Release) -> None:
    House.objects.update(trials_at_once=9)
    answers = [Client().post(f"/try/{release.app.slug}").status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]


def test_whoever_signs_up_keeps_it_with_everything_in_it(client: Client, release: Release, owner: User) -> None:
    service = begin(client, release)
    assert client.post("/trial/keep").headers["Location"] == "/accounts/signup/?next=/trial"
    client.force_login(owner)
    assert "Keep it" in client.get("/trial").content.decode()
    assert client.post("/trial/keep").headers["Location"] == f"/services/{service.key}"
    event = Event.objects.get()
    service.refresh_from_db()
    assert (event.owner, service.owner, service.launched_by, service.wanted) == (owner, owner, owner, Wanted.UP)
    assert event.closes_at - event.created_at > timedelta(days=6)
    assert service.expires_at == event.closes_at
    assert client.get("/trial").headers["Location"] == "/apps"


def test_what_is_over_is_not_kept(client: Client, release: Release, owner: User, now: datetime) -> None:
    service = begin(client, release)
    Event.objects.update(opens_at=now - 2 * HOUR, closes_at=now - HOUR)
    client.force_login(owner)
    assert client.post("/trial/keep").headers["Location"] == f"/services/new?app={release.app.slug}"
    service.refresh_from_db()
    assert service.owner == trials.nobody()


def test_it_is_kept_by_the_first_who_presses_and_nobody_after(
    release: Release, owner: User, stranger: User, now: datetime
) -> None:
    service = trials.begin(release, now)
    assert service
    assert [trials.keep(service, person, now) for person in (owner, stranger)] == [True, False]
    assert set(Event.objects.get().memberships.values_list("person", flat=True)) == {owner.pk}


def test_who_has_an_account_sets_it_up_as_always(client: Client, release: Release, owner: User) -> None:
    client.force_login(owner)
    assert client.get(f"/try/{release.app.slug}").headers["Location"] == f"/services/new?app={release.app.slug}"


def test_no_mail_is_written_to_nobody(release: Release, staff: User, now: datetime) -> None:
    service = trials.begin(release, now)
    assert service
    service.suspend(by=staff, why="a test", at=now)
    assert notices.write(now)
    assert not Mail.objects.exists()


def test_a_trial_that_is_over_says_how_to_go_on(client: Client, release: Release) -> None:
    change(begin(client, release), phase=Phase.GONE, wanted=Wanted.GONE)
    assert "Its hour is over" in client.get("/trial").content.decode()
    assert client.get(f"/try/{release.app.slug}").status_code == 200


def test_the_page_of_a_trial_asks_the_same_few_questions(
    client: Client, release: Release, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    begin(client, release)
    with django_assert_max_num_queries(10):
        client.get("/trial")
