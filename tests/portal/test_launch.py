"""The launch: one form, one press, one service; the event is made with it."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from catalog.models import Release
from portal.models import User
from provisioning.models import Deployment, Event
from tests.makers import KEEPS, NOON, launch, make_event, make_fabric, make_release
from tests.portal.test_members import at_once

ASKS = f"""
[[param]]
id = "motto"
label = "What is it about?"
ask = true
max = 60
[[param]]
id = "seats"
type = "integer"
label = "Seats"
default = 20
max = 99
[[param]]
id = "secret"
label = "Password"
generate = "password"
{KEEPS}
"""
ASKED = ["p_motto", "p_seats", "p_secret", "event_name"]
NASTY = "a\"b'c $(reboot) `id` ; é ü\u200d漢 %s {{ 7*7 }} <script>"


@pytest.fixture
def release(db: None) -> Release:
    """An app that asks one question."""
    return make_release(end=ASKS)


def form(now: datetime, **changes: Any) -> dict[str, Any]:
    given = {
        "form_token": uuid4().hex,
        "event": "new",
        "event_name": "Linden school fair",
        "last_day": (now + timedelta(days=5)).date().isoformat(),
        "title": "Board",
        "p_motto": "Spring",
        "p_seats": "30",
    }
    return given | changes


def press(visit: Client, release: Release, given: dict[str, Any]) -> Any:
    return visit.post(f"/services/new?app={release.app.slug}", given)


def test_one_press_makes_the_event_and_the_service(visit: Client, owner: User, release: Release, now: datetime) -> None:
    answer = press(visit, release, form(now, time_zone="Europe/Berlin"))

    service = Deployment.objects.get()
    assert answer.headers["Location"] == f"/services/{service.key}"
    assert (service.title, service.owner, service.wanted) == ("Board", owner, "up")
    assert service.event.name == "Linden school fair"
    assert service.event.zone == "Europe/Berlin"
    assert service.expires_at == service.event.closes_at
    assert service.event.closes_at.astimezone(service.event.tzinfo).strftime("%H:%M") == "23:59"


def test_everything_but_the_apps_own_question_is_filled_in(visit: Client, release: Release, now: datetime) -> None:
    page = visit.get(f"/services/new?app={release.app.slug}", follow=True)
    filled = page.context["form"].initial
    assert filled["event_name"]
    assert filled["last_day"] > now.date()
    assert len(page.context["form"].asked()) == 1


def test_values_reach_the_row_in_their_own_kind(visit: Client, release: Release, now: datetime) -> None:
    press(visit, release, form(now, p_motto=NASTY))
    values = Deployment.objects.get().values
    assert values["motto"] == NASTY
    assert values["seats"] == 30
    assert len(values["secret"]) == 20


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("p_motto", "", "cannot start without"),
        ("p_motto", "x" * 61, "at most 60"),
        ("p_motto", "two\nlines", "in one line"),
        ("p_seats", "100", "99 or less"),
        ("p_seats", "many", "not what the app expects"),
        ("event_name", "", "give the event a name"),
        ("last_day", "", "which day is the last"),
        ("last_day", "2020-01-01", "That day is over"),
        ("last_day", "2199-01-01", "The latest last day"),
        ("event", "f" * 32, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_the_rest_stays(
    visit: Client, release: Release, now: datetime, field: str, value: str, told: str
) -> None:
    answer = press(visit, release, form(now, **{field: value}))
    assert told in "".join(answer.context["form"].errors[field])
    assert b'value="Board"' in answer.content
    assert not Event.objects.exists()


def test_a_second_press_of_the_same_form_is_the_same_service(visit: Client, release: Release, now: datetime) -> None:
    given = form(now)
    first, second = press(visit, release, given), press(visit, release, given)
    assert first.headers["Location"] == second.headers["Location"]
    assert (Deployment.objects.count(), Event.objects.count()) == (1, 1)


def test_going_back_to_a_form_that_was_pressed_leads_to_the_service(
    visit: Client, release: Release, now: datetime
) -> None:
    here = visit.get(f"/services/new?app={release.app.slug}").headers["Location"]
    token = visit.get(here).context["form"].initial["form_token"]
    assert here.endswith(f"press={token}")
    launched = visit.post(here, form(now, form_token=token)).headers["Location"]
    assert visit.get(here).headers["Location"] == launched
    assert visit.post(here, form(now, form_token=token)).headers["Location"] == launched
    assert Deployment.objects.count() == 1


def test_a_form_that_is_asked_for_anew_is_another_press(visit: Client, release: Release) -> None:
    forms = {visit.get(f"/services/new?app={release.app.slug}").headers["Location"] for _ in range(2)}
    assert len(forms) == 2


def test_a_question_without_a_default_is_not_called_optional(visit: Client, release: Release) -> None:
    page = visit.get(f"/services/new?app={release.app.slug}", follow=True).content.decode()
    assert [param.needs_answer for param in release.manifest.params] == [True, False, False]
    labels = {name: " ".join(page.split(f'<label for="id_{name}">')[1].split("</label>")[0].split()) for name in ASKED}
    assert [name for name, label in labels.items() if "if you like" not in label] == ["p_motto", "event_name"]


def test_a_service_may_join_an_event_that_is_there(visit: Client, owner: User, release: Release, now: datetime) -> None:
    event = make_event(owner, at=now)
    press(visit, release, form(now, event=event.key, event_name=""))
    assert Deployment.objects.get().event == event


def test_no_service_outlasts_an_event_that_was_shortened_since_its_form_was_read(owner: User, now: datetime) -> None:
    event = make_event(owner, at=now, days=7)
    as_read = Event.objects.get()
    event.move(now + timedelta(days=1), by=owner, at=now)
    service = launch(as_read, at=now)
    assert service.expires_at == service.closes_at == event.closes_at


def test_of_a_launch_and_a_sooner_end_at_the_same_moment_the_end_holds(transactional_db: None) -> None:
    make_fabric()
    release, sooner = make_release(), NOON + timedelta(days=1)
    for _ in range(10):
        event = make_event()
        at_once(partial(event.move, sooner, by=event.owner, at=NOON), partial(launch, event, release))
        assert Deployment.objects.get(event=event).expires_at == sooner


def test_nobody_launches_into_somebody_elses_event(
    visit: Client, stranger: User, release: Release, now: datetime
) -> None:
    answer = press(visit, release, form(now, event=make_event(stranger, at=now).key))
    assert answer.context["form"].errors["event"]


def test_an_app_that_is_not_on_the_shelf_cannot_be_launched(visit: Client, release: Release, now: datetime) -> None:
    release.app.retire(by=None, at=now)
    assert visit.get(f"/services/new?app={release.app.slug}").status_code == 404
    assert press(visit, release, form(now)).status_code == 404


def test_no_field_of_a_row_can_be_set_from_outside(visit: Client, owner: User, release: Release, now: datetime) -> None:
    press(visit, release, form(now, phase="ready", owner="1", expires_at="2199-01-01", wanted="gone", name="mine"))
    service = Deployment.objects.get()
    assert (service.phase, service.owner, service.wanted) == ("waiting", owner, "up")
    assert service.expires_at < now + timedelta(days=7)


def test_the_persons_own_zone_wins_over_the_browsers(
    visit: Client, owner: User, release: Release, now: datetime
) -> None:
    User.objects.filter(pk=owner.pk).update(time_zone="Asia/Tokyo")
    press(visit, release, form(now, time_zone="Europe/Berlin"))
    assert Event.objects.get().zone == "Asia/Tokyo"
