"""Who may: every address of the site, for the owner, a stranger, somebody from behind the counter, and nobody."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from pytest_django import Settings

from portal.models import User
from provisioning.models import Archive, Deployment, Event
from provisioning.phases import Role
from tests.makers import make_event
from tests.portal.scenes import SCENES, change, ended, ready
from tests.portal.test_downloads import body

OPEN = {
    "front", "shelf", "app", "mailbox", "door", "report", "alive", "ready", "metrics", "privacy", "left", "invited",
    "account-waits", "fair", "fair-calendar", "door-calendar",
    "join", "join-ask", "status", "help", "terms", "accessibility", "guide", "picture", "api", "try", "language",
}  # fmt: skip
SIGNED_IN = {
    "home",
    "copies",
    "me",
    "me-mails",
    "me-tokens",
    "me-places",
    "me-data",
    "me-leave",
    "service-new",
    "event-new",
    "wish",
    "guide-check",
    "guide-offer",
}
LOOKS_OF_PARTICIPANTS = {"service", "service-live", "service-poster", "service-picture", "event", "event-people"}
LOOKS = LOOKS_OF_PARTICIPANTS | {"event-limits", "event-copies", "event-timeline"}
OF_A_MAIL = {"extend", "extend-undo"}
"""Where the links of mails lead; who may follow them stands in test_extension.py."""
OF_MACHINES = {"machine-host-key"}
"""What machines say themselves; tried in test_enrolment.py."""
OF_OWN_PLACES = {f"me-place{more}" for more in ("", "-new", "-live", "-check", "-cap", "-remove")}
"""Tried in test_own_places.py."""
OWN_LOOKS = {"event-extend", "event-card", "event-member", "service-copy", "service-again", "service-tell"}
VERBS = {
    "service-restart",
    "service-pull",
    "service-keep",
    "service-retry",
    "service-end",
    "service-outputs",
    "service-elsewhere",
    "service-version",
    "event-end",
    "event-show",
    "event-hide",
    "event-plan",
    "event-places",
    "event-code",
    "event-code-end",
    "event-role",
    "event-remove",
    "event-leave",
}
STREAMS = {"service-stream"}
OF_PROVIDERS = {"elsewhere", "openid_connect_callback", "github_callback"}
"""Tried in test_elsewhere.py."""


def paths(deployment: Deployment, archive: Archive | None = None) -> Mapping[str, str]:
    """The address of each view about this service."""
    event, service = f"/events/{deployment.event.key}", f"/services/{deployment.key}"
    wishes = ("restart", "pull", "retry", "end", "outputs", "keep", "elsewhere", "version")
    verbs = {f"service-{verb}": f"{service}/{verb}" for verb in wishes}
    looks = {f"service-{look}": f"{service}/{look}" for look in ("live", "poster", "picture", "tell")}
    looks |= {"service": service, "event": event}
    looks |= {
        f"event-{look}": f"{event}/{look}" for look in ("extend", "card", "people", "limits", "copies", "timeline")
    }
    copy = {"service-copy": f"{service}/copies/{archive.pk if archive else 1}"}
    verbs |= {f"event-{verb}": f"{event}/{verb}" for verb in ("end", "show", "hide", "plan", "places", "code", "leave")}
    person = f"{event}/people/{deployment.event.memberships.order_by('pk')[0].pk}"
    looks |= {"event-member": person, "event-code-end": f"{event}/code/end"}
    verbs |= {"event-role": f"{person}/role", "event-remove": f"{person}/remove"}
    return verbs | looks | copy | {"service-stream": f"{service}/stream"}


def take_in(event: Event, person: User, role: Role) -> User:
    event.take_in(person, at=event.created_at)
    event.appoint(person, role, by=event.owner, at=event.created_at)
    return person


def status(client: Client, person: User | None, name: str, path: str) -> int:
    if person is None:
        client.logout()
    else:
        client.force_login(person)
    answer = client.post(path) if name in VERBS else client.get(path)
    return answer.status_code


def test_every_address_of_the_site_is_in_this_matrix() -> None:
    known = OPEN | OF_A_MAIL | OF_MACHINES | SIGNED_IN | LOOKS | OWN_LOOKS | VERBS | STREAMS | OF_PROVIDERS
    ours = [entry for entry in get_resolver().url_patterns if isinstance(entry, URLPattern) and entry.name]
    elsewhere = {"account_email", "me-token-end", "trial", "trial-keep"} | OF_OWN_PLACES
    assert {entry.name for entry in ours} - elsewhere == known


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_a_service_is_seen_by_its_owner_and_by_the_counter_alone(
    client: Client, owner: User, stranger: User, staff: User, name: str
) -> None:
    path = paths(ready(make_event(owner)))[name]
    assert status(client, owner, name, path) == 200
    assert status(client, staff, name, path) == 200
    assert status(client, stranger, name, path) == 404
    assert status(client, None, name, path) == 302


@pytest.mark.parametrize("name", sorted(LOOKS | OWN_LOOKS - {"service-copy", "service-again"}))
def test_a_participant_sees_the_event_and_its_services_and_no_more(
    client: Client, owner: User, stranger: User, name: str
) -> None:
    deployment = ready(make_event(owner))
    guest = take_in(deployment.event, stranger, Role.PARTICIPANT)
    expected = 200 if name in LOOKS_OF_PARTICIPANTS else 404
    assert status(client, guest, name, paths(deployment)[name]) == expected


@pytest.mark.parametrize("scene", sorted(SCENES.keys() - {"ended"}))
def test_a_participant_who_put_up_a_service_is_led_to_no_page_that_is_not_there(
    client: Client, owner: User, stranger: User, scene: str, now: datetime
) -> None:
    deployment = SCENES[scene](make_event(owner, at=now, all_launch=True), at=now)
    guest = take_in(deployment.event, stranger, Role.PARTICIPANT)
    change(deployment, launched_by=guest)
    client.force_login(guest)
    page = client.get(f"/services/{deployment.key}").content.decode()
    links = set(re.findall(r'href="(/(?!static/)[^"#]*)"', page))
    assert [link for link in sorted(links) if client.get(link).status_code == 404] == []


@pytest.mark.parametrize("role", list(Role))
def test_a_service_leads_those_who_organise_its_event_and_no_others_to_a_later_end(
    client: Client, owner: User, stranger: User, role: Role
) -> None:
    deployment = ready(make_event(owner))
    client.force_login(take_in(deployment.event, stranger, role))
    change(deployment, launched_by=stranger)
    page = client.get(f"/services/{deployment.key}").content.decode()
    assert ("Extend its time" in page) == (role == Role.ORGANISER)


@pytest.mark.parametrize("name", sorted(VERBS))
@pytest.mark.parametrize("role", list(Role))
def test_an_organiser_may_do_what_the_owner_may_and_a_participant_may_only_leave(
    client: Client, owner: User, stranger: User, name: str, role: Role, now: datetime
) -> None:
    deployment = ready(make_event(owner, at=now), at=now)
    person = take_in(deployment.event, stranger, role)
    is_refused = status(client, person, name, paths(deployment)[name]) == 404
    assert is_refused == (role == Role.PARTICIPANT and name != "event-leave")


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_wish_is_granted_to_the_owner_alone(
    client: Client, owner: User, stranger: User, staff: User, name: str, now: datetime
) -> None:
    path = paths(ready(make_event(owner, at=now), at=now))[name]
    assert status(client, stranger, name, path) == 404
    assert status(client, staff, name, path) == 404
    assert status(client, None, name, path) == 302
    assert status(client, owner, name, path) in (200, 302)


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_wish_is_never_made_by_opening_a_page(visit: Client, owner: User, name: str, now: datetime) -> None:
    deployment = ready(make_event(owner, at=now), at=now)
    assert visit.get(paths(deployment)[name]).status_code == (302 if name == "service-outputs" else 405)
    deployment.refresh_from_db()
    assert deployment.wanted == "up"


def test_a_copy_is_given_to_the_owner_alone(
    client: Client, owner: User, stranger: User, staff: User, settings: Settings, tmp_path: Path
) -> None:
    deployment = ended(make_event(owner))
    archive = deployment.archives.get()
    settings.ARCHIVES = tmp_path
    (tmp_path / archive.name).write_bytes(b"a copy")
    path = paths(deployment, archive)["service-copy"]
    client.force_login(owner)
    assert b"".join(body(client.get(path))) == b"a copy"
    assert status(client, stranger, "service-copy", path) == 404
    assert status(client, staff, "service-copy", path) == 404
    assert status(client, stranger, "service-again", f"{path}/again") == 404
    assert status(client, staff, "service-again", f"{path}/again") == 404


def test_what_is_not_yours_looks_like_what_never_was(client: Client, owner: User, stranger: User) -> None:
    deployment = ready(make_event(owner))
    client.force_login(stranger)
    foreign, unknown = client.get(f"/services/{deployment.key}"), client.get(f"/services/{'0' * 32}")
    assert foreign.content == unknown.content


@pytest.mark.parametrize("name", sorted(SIGNED_IN))
def test_rooms_of_ones_own_ask_to_sign_in(client: Client, db: None, name: str) -> None:
    assert client.get(reverse(name)).headers["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_a_stranger_sees_no_scene(client: Client, stranger: User, scene: str) -> None:
    client.force_login(stranger)
    assert client.get(f"/services/{SCENES[scene]().key}").status_code == 404
