"""Another version of its app is offered to who has a service that did not start: which one, and with what one knows of it."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client

from catalog.models import Release
from portal.models import User
from provisioning.models import Archive, Deployment
from tests.makers import make_cloud, make_event, make_newer, make_person
from tests.portal import scenes
from tests.portal.scenes import change

OFFER = "Take this version"
ASKS = '[[param]]\nid = "who"\nlabel = "Who?"\nask = true\n[archive]\npaths = ["/srv/board"]'
LARGER = 'memory = "256MiB"\ndisk = "1GiB"'


@pytest.fixture
def failed(owner: User, now: datetime) -> Deployment:
    """A service that its app is to blame for."""
    return scenes.failed(make_event(owner, at=now), at=now, title="Wiki")


def read(visit: Client, deployment: Deployment) -> str:
    return " ".join(visit.get(f"/services/{deployment.key}").content.decode().split())


def put_up(release: Release, now: datetime, times: int = 1) -> None:
    """Services in this version that were open."""
    for _ in range(times):
        change(scenes.ready(make_event(at=now), at=now), release=release)


def take(visit: Client, deployment: Deployment, release: Release) -> Deployment:
    visit.post(f"/services/{deployment.key}/version", {"release": str(release.pk)})
    deployment.refresh_from_db()
    return deployment


def test_where_there_is_no_other_version_none_is_spoken_of(visit: Client, failed: Deployment) -> None:
    assert "version of this app" not in read(visit, failed)


def test_a_newer_one_is_offered_and_said_to_be_untried(visit: Client, failed: Deployment) -> None:
    newer = make_newer(failed.release)
    page = read(visit, failed)
    assert "There is a newer version of this app" in page
    assert f"({newer.commit[:7]})" in page
    assert "Nobody has put it up here yet." in page


def test_it_is_said_how_often_one_was_put_up_here(visit: Client, failed: Deployment, now: datetime) -> None:
    put_up(make_newer(failed.release), now, 3)
    assert "It was put up 3 times here, last on" in read(visit, failed)


def test_one_that_was_put_up_here_comes_before_a_newer_untried_one(
    visit: Client, failed: Deployment, now: datetime
) -> None:
    oldest = failed.release
    tried = make_newer(oldest)
    change(failed, release=make_newer(oldest))
    make_newer(oldest)
    put_up(tried, now)
    page = read(visit, failed)
    assert "There is an older version of this app" in page
    assert f"({tried.commit[:7]})" in page


def test_taking_it_keeps_all_but_the_version(visit: Client, failed: Deployment) -> None:
    newer, name, dataset = make_newer(failed.release), failed.name, failed.dataset
    take(visit, failed, newer)
    assert (failed.release, failed.name, failed.title, failed.dataset) == (newer, name, "Wiki", dataset)
    assert failed.is_retry_wished
    page = read(visit, failed)
    assert "chose another version of the app." in page
    assert "It has started" not in page


def test_what_was_not_offered_is_not_taken(visit: Client, failed: Deployment) -> None:
    before = failed.release
    make_newer(before)
    foreign = scenes.waiting().release
    assert take(visit, failed, foreign).release == before
    assert not failed.is_retry_wished


@pytest.mark.parametrize("withdraw", ["retire", "take_off"])
def test_what_a_curator_has_withdrawn_is_never_offered(
    visit: Client, failed: Deployment, now: datetime, withdraw: str
) -> None:
    bad = make_newer(failed.release)
    put_up(bad, now)
    getattr(failed.release.app, withdraw)(by=None, at=now)
    assert OFFER not in read(visit, failed)
    make_newer(failed.release)
    assert f"({bad.commit[:7]})" not in read(visit, failed)


def test_what_made_way_for_an_older_one_is_not_offered(visit: Client, failed: Deployment, now: datetime) -> None:
    put_up(make_newer(failed.release), now)
    failed.release.app.publish(failed.release, by=None, at=now)
    assert OFFER not in read(visit, failed)


def test_what_no_curator_has_seen_is_not_offered(visit: Client, failed: Deployment, now: datetime) -> None:
    failed.release.app.take("d" * 40, failed.manifest, at=now)
    assert OFFER not in read(visit, failed)


def test_one_that_asks_what_nobody_has_answered_is_not_offered(visit: Client, failed: Deployment) -> None:
    make_newer(failed.release, end=ASKS)
    assert OFFER not in read(visit, failed)
    change(failed, values={"who": "Ada"})
    assert OFFER in read(visit, failed)


@pytest.mark.parametrize(("price", "is_offered"), [("", True), ("24 EUR", False)])
def test_one_that_would_cost_more_than_was_shown_is_not_offered(
    visit: Client, failed: Deployment, price: str, is_offered: bool
) -> None:
    cloud = make_cloud()
    cloud.options |= {"price_per_day": price} if price else {}
    cloud.save()
    make_newer(failed.release, size=LARGER)
    change(failed, place=None, dearest=Decimal(0))
    failed.event.keep_to([cloud], by=failed.owner, at=failed.created_at)
    assert (OFFER in read(visit, failed)) == is_offered


def test_one_that_is_not_the_apps_fault_is_offered_none(visit: Client, failed: Deployment) -> None:
    make_newer(failed.release)
    change(failed, blame="fabric")
    assert OFFER not in read(visit, failed)


@pytest.mark.parametrize("why", ["open", "copy"])
def test_what_has_something_in_it_keeps_its_version(visit: Client, failed: Deployment, now: datetime, why: str) -> None:
    newer, before = make_newer(failed.release), failed.release
    copy = scenes.ended(make_event(make_person(), at=now), at=now).archives.get() if why == "copy" else None
    change(failed, **({"restored_from": copy} if copy else {"ready_at": now}))
    assert OFFER not in read(visit, failed)
    assert not failed.take_version(newer, {}, by=None, at=now)
    assert take(visit, failed, newer).release == before
    assert Archive.objects.count() == (why == "copy")
