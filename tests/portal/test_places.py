"""Where a launch goes, as people see it: what it costs, which places there are, and another one where there is no room."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from portal.models import User
from provisioning.models import Deployment, Fabric
from provisioning.phases import Phase
from tests.makers import make_event, make_fabric, make_person, make_release
from tests.portal import scenes
from tests.portal.scenes import change
from tests.portal.test_api import ask, key
from tests.portal.test_launch import ASKS, form

PAID = {"place": "cloud", "price_per_day": "0.48 €"}


@pytest.fixture
def cloud(db: None) -> Fabric:
    """A second place, which costs something."""
    make_fabric()
    return Fabric.objects.create(name="Cloud", kind="memory", options=PAID)


def read(visit: Client, path: str) -> str:
    return " ".join(visit.get(path, follow=True).content.decode().split())


def test_who_has_one_place_is_asked_nothing_about_it(visit: Client) -> None:
    make_fabric()
    assert "Where does it run?" not in read(visit, f"/services/new?app={make_release().app.slug}")


def test_the_best_place_is_chosen_already_and_each_tells_its_price(visit: Client, cloud: Fabric) -> None:
    page = read(visit, f"/services/new?app={make_release().app.slug}")
    assert '<option value="" selected>memory: no cost (the best now)</option>' in page
    assert f'<option value="{cloud.pk}">Cloud: 0.48 € a day</option>' in page


@pytest.mark.parametrize("chooses", [True, False])
def test_a_launch_takes_the_wish_along_or_what_was_shown(
    visit: Client, cloud: Fabric, now: datetime, chooses: bool
) -> None:
    wish = {"place": str(cloud.pk)} if chooses else {"dearest": "0.02"}
    visit.post(f"/services/new?app={make_release(end=ASKS).app.slug}", form(now, **wish))
    launched = Deployment.objects.get()
    assert (launched.place, launched.dearest) == ((cloud, 0) if chooses else (None, Decimal("0.02")))


def test_a_place_that_the_event_does_not_use_is_refused(
    visit: Client, owner: User, cloud: Fabric, now: datetime
) -> None:
    event = make_event(owner, at=now)
    event.keep_to([make_fabric()], by=owner, at=now)
    given = form(now, event=event.key, place=str(cloud.pk))
    page = visit.post(f"/services/new?app={make_release(end=ASKS).app.slug}", given).content.decode()
    assert "This event does not use that place." in page
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("code", ["no-room", "no-room-there", "the-cap-is-reached"])
def test_who_finds_no_room_is_offered_another_place_with_one_press(
    visit: Client, owner: User, cloud: Fabric, now: datetime, code: str
) -> None:
    waits = scenes.waiting(make_event(owner, at=now), at=now, place=make_fabric())
    change(waits, waits_for=code)
    assert "“Cloud” has room now: 0.48 € a day." in read(visit, f"/services/{waits.key}")
    visit.post(f"/services/{waits.key}/elsewhere", {"place": str(cloud.pk)})
    waits.refresh_from_db()
    assert waits.place == cloud


def test_nobody_is_offered_an_account_that_is_somebody_elses(
    visit: Client, owner: User, cloud: Fabric, now: datetime
) -> None:
    Fabric.objects.filter(pk=cloud.pk).update(owner=make_person("bob"))
    waits = scenes.waiting(make_event(owner, at=now), at=now)
    change(waits, waits_for="no-room")
    assert "Cloud" not in read(visit, f"/services/{waits.key}")
    assert "Cloud" not in read(visit, f"/services/new?app={make_release().app.slug}")
    visit.post(f"/services/{waits.key}/elsewhere", {"place": str(cloud.pk)})
    waits.refresh_from_db()
    assert waits.place is None


def test_one_that_failed_for_want_of_room_is_tried_again_elsewhere(
    visit: Client, owner: User, cloud: Fabric, now: datetime
) -> None:
    failed = scenes.failed(make_event(owner, at=now), at=now)
    change(failed, problem="place-is-full", blame="fabric")
    assert "Use “Cloud” instead" in read(visit, f"/services/{failed.key}")
    visit.post(f"/services/{failed.key}/elsewhere", {"place": str(cloud.pk)})
    failed.refresh_from_db()
    assert (failed.place, failed.is_retry_wished) == (cloud, True)


def test_an_event_says_where_its_services_may_run(visit: Client, owner: User, cloud: Fabric, now: datetime) -> None:
    event = make_event(owner, at=now)
    assert "Its services run only at" in read(visit, f"/events/{event.key}/limits")
    visit.post(f"/events/{event.key}/places", {"places": [str(cloud.pk)]})
    assert list(event.places.all()) == [cloud]


def test_an_event_tells_what_it_has_cost_and_will_have_cost(
    visit: Client, owner: User, cloud: Fabric, now: datetime
) -> None:
    event = make_event(owner, at=now - timedelta(days=2), days=4)
    machine = scenes.ready(event, at=event.opens_at).machines.get()
    change(machine, fabric=cloud, price_per_hour=Decimal("0.02"), asked_at=event.opens_at, phase=Phase.READY)
    page = read(visit, f"/events/{event.key}/limits")
    assert "About 0.96 € so far; 1.92 € in all" in page


def test_programs_see_places_and_ask_for_one(client: Client, owner: User, cloud: Fabric) -> None:
    app, secret = make_release().app.slug, key(owner)
    _, told = ask(client, f"/places?app={app}", secret)
    assert [(one["name"], one["price_per_day"], one["has_room"]) for one in told["places"]] == [
        ("memory", "", True), ("Cloud", "0.48 €", True),
    ]  # fmt: skip
    status, made = ask(client, "/services", secret, {"app": app, "place": str(cloud.pk)})
    assert (status, made["place"]) == (201, str(cloud.pk))
    assert ask(client, "/services", secret, {"app": app, "place": "0"})[0] == 422
