"""A service's page: every face it has, and every wish that is made on it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from catalog.models import Release
from portal.models import User
from portal.pages.logs import title_of
from portal.pages.progress import progress
from portal.pages.service import moments
from portal.pages.timeline import timeline
from provisioning.models import Deployment, Entry, Machine
from provisioning.phases import Happened
from tests.makers import NOON, make_event
from tests.portal import scenes

WORDS = {
    "waiting": ("You are number 1 in line", "Stop setting it up"),
    "building": (
        "It is being set up",
        "Installing it",
        "You are the first here",
        "Stop setting it up",
        "Setting up php8.2",
    ),
    "ready": ("Open Ready", "Copy the address", "Show them to me", "Get new content now", "Restart it", "Extend"),
    "silent": ("has stopped answering", "Your data is untouched", "Restart it"),
    "failed": ("never answered as it should (connection refused)", "nothing was lost", "Try again from here"),
    "leaving": ("We have not deleted anything and will not until it is safe",),
    "ended": ("Download the copy", "read back and found whole", "Set up a new one"),
}


def shown(visit: Client, deployment: Deployment, part: str = "") -> str:
    return visit.get(f"/services/{deployment.key}{part}").content.decode()


def wish(visit: Client, deployment: Deployment, verb: str) -> Deployment:
    visit.post(f"/services/{deployment.key}/{verb}")
    deployment.refresh_from_db()
    return deployment


def machine_of(deployment: Deployment) -> Machine:
    machine = deployment.machine()
    assert machine is not None
    return machine


@pytest.mark.parametrize("scene", sorted(WORDS))
def test_each_face_says_what_is_and_what_can_be_done(visit: Client, owner: User, scene: str, now: datetime) -> None:
    deployment = scenes.SCENES[scene](make_event(owner, at=now), at=now, title=scene.capitalize())
    page = shown(visit, deployment)
    assert [words for words in WORDS[scene] if words not in page] == []


def test_the_live_part_is_the_same_as_in_the_page(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    part = shown(visit, deployment, "/live")
    assert part.strip().startswith("{#") is False
    assert 'data-live="' in part
    assert "<html" not in part
    assert "Open Notice board" in part


def test_who_waits_is_told_the_place_in_line(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now)
    scenes.waiting(event, at=now)
    second = scenes.waiting(event, at=now + timedelta(seconds=1))
    assert "You are number 2 in line" in shown(visit, second)


def test_who_waits_while_launches_are_paused_is_told_that(visit: Client, owner: User) -> None:
    deployment = scenes.waiting(make_event(owner))
    scenes.change(deployment, waits_for="launches-are-paused")
    assert "paused by the people who run" in shown(visit, deployment)


def test_who_waits_for_others_of_their_own_to_end_is_told_that(visit: Client, owner: User) -> None:
    deployment = scenes.waiting(make_event(owner))
    scenes.change(deployment, waits_for="your-share-is-used")
    assert "Your other services use all the room that one person gets." in shown(visit, deployment)


def test_who_wants_it_gone_is_told_that_nothing_goes_in_quarantine(visit: Client, owner: User) -> None:
    deployment = scenes.leaving(make_event(owner))
    assert "put back from a backup" not in shown(visit, deployment)
    scenes.change(deployment, waits_for="quarantine")
    assert "put back from a backup" in shown(visit, deployment)


def test_a_passing_trouble_is_told_while_it_lasts(visit: Client, owner: User, now: datetime) -> None:
    deployment = scenes.building(make_event(owner, at=now), at=now)
    scenes.change(machine_of(deployment), problem="place-away", blame="fabric", waits_for="place-away")
    page = shown(visit, deployment)
    assert "The place where machines come from does not answer." in page
    assert "We keep trying until" in page
    scenes.change(machine_of(deployment), waits_for="machine-is-starting")
    assert "does not answer" not in shown(visit, deployment)


def test_a_launch_slower_than_twice_the_usual_says_so(visit: Client, owner: User, now: datetime) -> None:
    event = make_event(owner, at=now - timedelta(hours=1))
    deployment = scenes.building(event, at=now - timedelta(minutes=2))
    quick = progress(deployment, machine_of(deployment), usually=timedelta(seconds=90), now=now)
    slow = progress(deployment, machine_of(deployment), usually=timedelta(seconds=40), now=now)
    assert (quick.is_slow, slow.is_slow) == (False, True)


def test_the_tent_goes_up_with_the_steps(now: datetime, db: None) -> None:
    def tent(deployment: Deployment) -> str:
        return progress(deployment, deployment.machine(), usually=None, now=now).tent

    assert tent(scenes.waiting()) == "n1"
    assert tent(scenes.building()) == "u1 u2 u3 n4"
    assert tent(scenes.ready()) == "u1 u2 u3 u4 u5 u6 u7 u8 u9"


def test_what_the_installer_says_is_shown_without_its_control_characters(visit: Client, owner: User) -> None:
    page = shown(visit, scenes.building(make_event(owner)))
    assert "Get:1 http://deb.debian.org" in page
    assert "\x1b" not in page


def test_its_last_lines_are_told_with_a_failure(visit: Client, owner: User) -> None:
    deployment = scenes.failed(make_event(owner))
    scenes.change(deployment, problem="install-failed", problem_params={"code": 1, "tail": "E: <b>no php8.4</b>"})
    page = shown(visit, deployment)
    assert "The installer of Notice board stopped with an error." in page
    assert "E: &lt;b&gt;no php8.4&lt;/b&gt;" in page


def test_a_first_password_is_shown_when_asked_and_each_look_is_noted(visit: Client, owner: User, now: datetime) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now)
    assert "correct-horse-battery" not in shown(visit, deployment)
    answer = visit.post(f"/services/{deployment.key}/outputs")
    assert b"correct-horse-battery" in answer.content
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert Entry.objects.filter(deployment=deployment, happened=Happened.LOOK, by=owner).count() == 1
    assert "looked at what the installer handed over" in shown(visit, deployment)


def test_a_phone_that_opens_its_last_page_again_is_led_to_the_service(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    assert visit.get(f"/services/{deployment.key}/outputs").headers["Location"] == f"/services/{deployment.key}"


def test_an_address_that_was_handed_over_can_be_followed_and_nothing_else(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    Machine.objects.update(outputs={"name": f"{deployment.url}login", "password": "https://evil.example/"})
    page = visit.post(f"/services/{deployment.key}/outputs").content.decode()
    assert f'href="{deployment.url}login"' in page
    assert 'href="https://evil.example/"' not in page


def test_the_history_tells_only_steps_that_this_launch_has_and_with_their_figures(owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    machine = deployment.machine()
    assert machine
    for step in ("allocate", "restore", "install"):
        Entry.objects.write(machine, Happened.STEP, at=NOON, cause=f"s:{step}", step=step)
    told = [moment.words for moment in moments(deployment)]
    assert "Got a machine (128 MB)" in told
    assert "Installed" in told
    assert [words for words in told if "…" in words or "kept is back" in words] == []


def test_no_heading_of_a_log_has_a_gap(owner: User) -> None:
    assert title_of("fetch-service-1-3f2a91c0") == "Fetching the app (as chosen)"


def test_what_is_to_be_shown_once_is_shown_once(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    told = deployment.release.manifest_json
    told["output"][1]["once"] = True
    Release.objects.filter(pk=deployment.release_id).update(manifest_json=told)
    assert "can be shown a single time" in shown(visit, deployment)
    assert b"correct-horse-battery" in visit.post(f"/services/{deployment.key}/outputs").content
    again = visit.post(f"/services/{deployment.key}/outputs").content
    assert b"weber" in again
    assert b"correct-horse-battery" not in again
    assert "correct-horse-battery" not in str(machine_of(deployment).outputs)


def test_the_people_behind_the_counter_do_not_see_first_passwords(client: Client, staff: User) -> None:
    deployment = scenes.ready()
    client.force_login(staff)
    assert "Show them to me" not in shown(client, deployment)


def test_what_was_done_about_a_silence_is_told(visit: Client, owner: User, now: datetime) -> None:
    deployment = scenes.ready(make_event(owner, at=now), at=now)
    Entry.objects.write(deployment, Happened.HEALTH, at=now, cause="restart", restart=0)
    Entry.objects.write(deployment, Happened.HEALTH, at=now, cause="failed", restart=3)
    page = shown(visit, deployment)
    assert "It did not answer, so it was restarted." in page
    assert "The restart stopped with an error." in page


def test_a_failure_of_its_machine_is_told_once_though_both_have_it(owner: User, now: datetime) -> None:
    service = scenes.failed(make_event(owner, at=now), at=now)
    for row, step in ((machine_of(service), "install"), (service, "machines")):
        Entry.objects.write(row, Happened.PROBLEM, at=now, cause=step, code="install-failed", step=step)
    said = [moment.words for moment in timeline(Entry.objects.order_by("at", "pk"))]
    assert len([words for words in said if "stopped with an error" in words]) == 1


def test_what_became_of_its_copy_is_told(visit: Client, owner: User, now: datetime) -> None:
    deployment = scenes.ended(make_event(owner, at=now), at=now)
    Entry.objects.write(deployment, Happened.COPY, at=now, cause="reminder:1", copy=1, copies=[1])
    Entry.objects.write(deployment, Happened.COPY, at=now, cause="deleted:1", deleted=1)
    page = shown(visit, deployment)
    assert "We wrote that its copy will be deleted soon." in page
    assert "The time of its copy was over, and it was deleted." in page


def test_new_content_is_asked_for_once(visit: Client, owner: User) -> None:
    deployment = wish(visit, scenes.ready(make_event(owner)), "pull")
    assert machine_of(deployment).pull_asked_at is not None
    assert "Looking for new content" in shown(visit, deployment)


def test_the_page_says_which_way_content_comes(visit: Client, owner: User, settings: Settings) -> None:
    settings.GIT_DOOR_LISTEN = "10.214.0.1:8418"
    deployment = scenes.ready(make_event(owner))
    assert "straight from where it is published" in shown(visit, deployment)
    scenes.change(machine_of(deployment), sighting={"portal_host": "10.214.0.1"})
    assert "by way of this portal" in shown(visit, deployment)


def test_content_that_does_not_come_is_told_with_what_stays(visit: Client, owner: User) -> None:
    deployment = scenes.ready(make_event(owner))
    scenes.change(machine_of(deployment), content_problem="unreachable")
    assert "The content repository does not answer. The last good content stays" in " ".join(
        shown(visit, deployment).split()
    )


def test_a_restart_is_asked_for(visit: Client, owner: User) -> None:
    deployment = wish(visit, scenes.ready(make_event(owner)), "restart")
    assert machine_of(deployment).restart_asked_at is not None


def test_a_failed_one_is_tried_again_from_where_it_stopped(visit: Client, owner: User, now: datetime) -> None:
    deployment = wish(visit, scenes.failed(make_event(owner, at=now), at=now), "retry")
    assert deployment.attempt == 2
    page = shown(visit, deployment)
    assert "It is being set up" in page
    assert "Try again from here" not in page


def test_setting_up_can_be_stopped(visit: Client, owner: User) -> None:
    deployment = wish(visit, scenes.building(make_event(owner)), "end")
    assert deployment.wanted == "gone"
    assert "being packed away" in shown(visit, deployment)


def test_a_second_wish_is_harmless_and_told(visit: Client, owner: User) -> None:
    deployment = wish(visit, scenes.ready(make_event(owner)), "end")
    answer = visit.post(f"/services/{deployment.key}/end", follow=True)
    assert "asked for already" in answer.content.decode()
    assert Entry.objects.filter(deployment=deployment, happened=Happened.WISH, told__wanted="gone").count() == 1


def test_a_name_full_of_html_stays_text(visit: Client, owner: User) -> None:
    page = shown(visit, scenes.ready(make_event(owner), title="<img src=x onerror=alert(1)>"))
    assert "<img src=x" not in page
    assert "&lt;img" in page
