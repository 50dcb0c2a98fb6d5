"""The desk behind the counter: who gets in, what is red, and that the red goes away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from pytest_django import DjangoAssertNumQueries

from portal.desk.today import RedLine, red_lines, rooms
from portal.models import User
from portal.views.desk.urls import urlpatterns
from provisioning.models import Admission, Deployment, Fabric, Machine, Mail, Report, Stray
from provisioning.phases import Settled, Wanted
from tests.makers import NOON, make_event, make_fabric
from tests.portal import scenes
from tests.portal.scenes import change

pytestmark = pytest.mark.thorough

LOOKS = {
    "desk", "desk-apps", "desk-app", "desk-app-retire", "desk-places", "desk-place-drain", "desk-people", "desk-events",
    "desk-reports", "desk-report", "desk-suspend", "desk-mail", "desk-letter", "desk-letter-html", "desk-audit",
    "desk-settings", "desk-invitations", "desk-allowance",
    "desk-heads", "desk-places-new", "desk-places-add", "desk-place", "desk-place-change", "desk-place-end",
    "desk-place-hosts",
}  # fmt: skip
VERBS = {
    "desk-launches", "desk-app-publish", "desk-app-feature", "desk-app-look", "desk-app-turn-down", "desk-place-open",
    "desk-machine-waive", "desk-curator", "desk-lift", "desk-mail-test", "desk-mail-again", "desk-mail-let-go",
    "desk-let-in", "desk-invitation-end", "desk-second-step", "desk-heads-count", "desk-place-check",
    "desk-place-release",
}  # fmt: skip
CURATORS = {
    "desk-apps", "desk-app", "desk-app-retire", "desk-app-publish", "desk-app-feature", "desk-app-turn-down",
}  # fmt: skip
FOR_ADMINISTRATORS = {
    "desk-machine-waive", "desk-curator", "desk-settings", "desk-invitations", "desk-allowance", "desk-let-in",
    "desk-invitation-end", "desk-second-step", "desk-places-new", "desk-places-add", "desk-place-change",
    "desk-place-check", "desk-place-end", "desk-place-release",
}  # fmt: skip


def paths(deployment: Deployment) -> Mapping[str, str]:
    """The address of every room of the desk."""
    report = Report.objects.create(
        host=deployment.host, deployment=deployment, reason="trick", at=deployment.created_at
    )
    machine = deployment.machine()
    assert machine is not None
    known = {
        "desk-app": deployment.release.app_id,
        "desk-place": machine.fabric_id,
        "desk-machine": machine.pk,
        "desk-curator": deployment.owner_id,
        "desk-let-in": deployment.owner_id,
        "desk-allowance": deployment.owner_id,
        "desk-second-step": deployment.owner_id,
        "desk-report": report.pk,
    }
    found = {}
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        name = str(pattern.name)
        number = next((pk for begin, pk in known.items() if name.startswith(begin)), 0)
        path = str(pattern.pattern).replace("<int:pk>", str(number)).replace("<str:key>", deployment.key)
        found[name] = "/" + path.replace("<path:name>", "ready").replace("<slug:kind>", "container")
    return found


def status(client: Client, person: User | None, name: str, path: str) -> int:
    if person is None:
        client.logout()
    else:
        client.force_login(person)
    return (client.post(path) if name in VERBS else client.get(path)).status_code


def test_every_room_of_the_desk_is_in_this_matrix() -> None:
    assert {pattern.name for pattern in urlpatterns} == LOOKS | VERBS


@pytest.mark.parametrize("name", sorted((LOOKS | VERBS) - {"desk-app-look"}))
def test_a_room_is_there_for_those_alone_who_work_in_it(
    client: Client, owner: User, staff: User, stranger: User, name: str, now: datetime
) -> None:
    path = paths(scenes.ready(make_event(owner, at=now), at=now))[name]
    User.objects.filter(pk=stranger.pk).update(is_curator=True)
    assert status(client, None, name, path) == 302
    assert status(client, owner, name, path) == 404
    assert (status(client, stranger, name, path) != 404) == (name in CURATORS)
    assert (status(client, staff, name, path) != 404) == (name not in FOR_ADMINISTRATORS)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_nothing_is_decided_by_opening_a_page(desk: Client, name: str) -> None:
    assert desk.get(paths(scenes.ready())[name]).status_code == (302 if name == "desk-place-check" else 405)


def test_every_room_asks_the_same_however_much_there_is(
    desk: Client, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    there = paths(scenes.ready(at=now))
    for scene in (scenes.leaving, scenes.failed, scenes.shut, scenes.silent):
        for _ in range(4):
            scene(make_event(at=now), at=now)
    for name in sorted(LOOKS - {"desk-letter-html"}):
        with django_assert_max_num_queries(25, info=name):
            assert desk.get(there[name]).status_code == 200


def lines(now: datetime) -> list[RedLine]:
    return list(red_lines(rooms(), now))


def test_a_quiet_day_says_so(desk: Client, now: datetime) -> None:
    scenes.ready(at=now)
    assert b"All quiet." in desk.get("/desk").content
    assert lines(now) == []


def connected(now: datetime) -> None:
    scenes.shut(at=now - timedelta(hours=1))
    Machine.objects.update(asked_at=now)


def restored(_now: datetime) -> None:
    Admission.objects.create(quarantined=True)


def failing(now: datetime) -> None:
    scenes.failed(at=now)


def mistaken(now: datetime) -> None:
    change(scenes.failed(at=now), blame="portal")


def stumbling(now: datetime) -> None:
    scenes.building(at=now)
    Machine.objects.update(waits_for="our-mistake")


def silent(now: datetime) -> None:
    scenes.silent(at=now - timedelta(hours=1))


def full(_now: datetime) -> None:
    make_fabric(most_machines=0)


def away(now: datetime) -> None:
    make_fabric(away_since=now)


def strange(now: datetime) -> None:
    Stray.objects.create(fabric=make_fabric(), key="a" * 32, first_seen_at=now)


def uncounted(now: datetime) -> None:
    make_fabric(counted_at=now - timedelta(hours=1))


def unsent(now: datetime) -> None:
    at = now - timedelta(hours=1)
    Mail.objects.create(recipient="a@example.org", subject="x", text="x", created_at=at, due_at=now)


def never_sent(now: datetime) -> None:
    at = now - timedelta(days=5)
    Mail.objects.create(recipient="a@example.org", subject="x", text="x", created_at=at, due_at=at, given_up_at=now)


def held(now: datetime) -> None:
    scenes.leaving(at=now)
    Machine.objects.update(hold_until=now)


def reported(now: datetime) -> None:
    Report.objects.create(host="x.apps.localhost", reason="other", at=now)


TROUBLES = {
    connected: ("still on the network", "/services/"),
    restored: ("A backup was put back", "/admin/provisioning/admission/"),
    failing: ("failed since yesterday", "/desk/apps/"),
    mistaken: ("made a mistake with 1 service", "/services/"),
    stumbling: ("made a mistake with 1 service", "/services/"),
    silent: ("does not answer, since", "/desk/events"),
    full: ("memory is full", "/desk/places"),
    away: ("memory does not answer", "/desk/places"),
    strange: ("that nobody knows", "/desk/places"),
    uncounted: ("Heads have not been counted", "/desk/places"),
    unsent: ("not been taken by any server yet", "/desk/mail"),
    never_sent: ("never left", "/desk/mail"),
    held: ("could not be made or checked", "/desk/places"),
    reported: ("1 report from a visitor waits", "/desk/reports"),
}


@pytest.mark.parametrize("trouble", list(TROUBLES), ids=lambda trouble: trouble.__name__)
def test_what_needs_somebody_is_a_red_line_that_leads_there(desk: Client, now: datetime, trouble: object) -> None:
    assert callable(trouble)
    trouble(now)
    words, leads = TROUBLES[trouble]
    (line,) = lines(now)
    assert words in line.what
    assert line.url.startswith(leads)
    assert desk.get(line.url).status_code == 200


def test_a_service_that_was_taken_off_and_cut_off_is_no_red_line(db: None, now: datetime) -> None:
    connected(now)
    Machine.objects.update(sighting={"seen": "running", "on_network": False})
    assert lines(now) == []


def test_room_is_told_in_services_of_the_usual_size(db: None, now: datetime) -> None:
    scenes.ready(at=now)
    taken = Machine.objects.get().memory_mib
    Fabric.objects.update(most_machines=1000, most_memory_mib=4 * taken)
    assert [room.more for room in rooms()] == [3]
    Fabric.objects.update(most_machines=2)
    assert [room.more for room in rooms()] == [1]


def test_new_launches_can_be_paused_and_let_in_again(desk: Client, staff: User) -> None:
    desk.post("/desk/launches", {"open": "no"})
    assert not Admission.objects.get().is_open
    assert b"New launches wait." in desk.get("/desk").content
    desk.post("/desk/launches", {"open": "yes"})
    assert Admission.objects.get().is_open


def test_a_place_is_closed_and_what_runs_there_goes_on(desk: Client, now: datetime) -> None:
    deployment, place = scenes.ready(at=now), Fabric.objects.get()
    assert deployment.title.encode() in desk.get(f"/desk/places/{place.pk}/drain").content
    desk.post(f"/desk/places/{place.pk}/drain", {"services": "stay"})
    deployment.refresh_from_db()
    assert (Fabric.objects.get().is_open, deployment.wanted) == (False, Wanted.UP)
    desk.post(f"/desk/places/{place.pk}/open")
    assert Fabric.objects.get().is_open


def test_a_place_is_drained_by_moving_what_runs_there(desk: Client, now: datetime) -> None:
    deployment = scenes.ready(at=now)
    desk.post(f"/desk/places/{Fabric.objects.get().pk}/drain", {"services": "move"})
    deployment.refresh_from_db()
    assert (Fabric.objects.get().is_open, deployment.wanted, deployment.move_asked_at is not None) == (
        False,
        "up",
        True,
    )


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"waits_for": "no-room-elsewhere"}, "No other place has room"),
        ({"waits_for": ""}, "made ready for it"),
        ({"move_problem": "install-failed", "move_asked_at": None}, "The installer of Notice board stopped"),
        ({"move_problem": "place-away"}, "It is tried again by itself."),
        ({"moving_since": NOON}, "on its way to another place"),
    ],
)
def test_the_page_of_a_drained_place_tells_how_each_service_leaves(
    desk: Client, now: datetime, told: dict[str, Any], read: str
) -> None:
    deployment, place = scenes.ready(at=now), Fabric.objects.get()
    Fabric.objects.update(is_open=False)
    change(deployment, title="Notice board", **{"move_asked_at": now} | told)
    page = desk.get(f"/desk/places/{place.pk}/drain").content.decode()
    assert read in page
    assert "is closed for new launches" in page


def test_whose_own_a_place_is_stands_beside_its_name(desk: Client, stranger: User) -> None:
    stranger.first_name = "Mr Braun"
    stranger.save()
    Fabric.objects.create(name="My cloud", kind="memory", owner=stranger)
    for page in ("places", "head-count"):
        assert b"Mr Braun's own" in desk.get(f"/desk/{page}").content


def test_what_runs_at_a_closed_place_is_asked_to_end_where_that_was_chosen(desk: Client, now: datetime) -> None:
    deployment = scenes.ready(at=now)
    desk.post(f"/desk/places/{Fabric.objects.get().pk}/drain", {"services": "end"})
    deployment.refresh_from_db()
    assert deployment.wanted == Wanted.GONE


def test_data_is_given_up_by_an_administrator_by_name_alone(desk: Client, staff: User, now: datetime) -> None:
    machine = scenes.leaving(at=now).machine()
    assert machine is not None
    change(machine, hold_until=now)
    desk.post(f"/desk/machines/{machine.pk}/waive")
    machine.refresh_from_db()
    assert (machine.settled, machine.settled_by_id) == (Settled.WAIVED, staff.pk)
