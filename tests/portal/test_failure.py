"""A service that did not start: whoever's move it is, and wherever it stopped, its page says what a person needs."""

import re
from datetime import datetime

import pytest
from django.test import Client
from django.utils.html import escape

from portal import words
from portal.models import User
from portal.pages.progress import OF_DEPLOYMENT, OF_MACHINE, plan
from portal.sentences import STEPS
from provisioning.errors import Blame
from provisioning.models import Deployment, LogChunk
from provisioning.steps.words import CONSOLE
from tests.makers import make_event
from tests.portal import scenes

CODES = {
    Blame.APP: "install-failed",
    Blame.FABRIC: "place-is-full",
    Blame.PORTAL: "our-mistake",
    Blame.PERSON: "configure-failed",
}
STOPS = [*OF_MACHINE, *OF_DEPLOYMENT]


def stopped(owner: User, at: datetime, blame: Blame, step: str) -> Deployment:
    """A service that was given up at this step."""
    deployment = scenes.failed(make_event(owner, at=at), at=at, title="Wiki")
    done = STOPS[: STOPS.index(step)]
    why = {"problem": CODES[blame], "problem_params": {}, "blame": blame}
    machine = deployment.machine()
    assert machine is not None
    scenes.change(machine, steps_done=done, step=step, **why)
    scenes.change(deployment, steps_done=done, step=step, **why)
    return deployment


def main_of(visit: Client, deployment: Deployment) -> str:
    page = visit.get(f"/services/{deployment.key}").content.decode()
    return " ".join(page.partition("<main")[2].partition("</main>")[0].split())


@pytest.mark.parametrize("step", STOPS)
@pytest.mark.parametrize("blame", list(Blame))
def test_every_failure_says_what_happened_what_is_safe_and_what_to_do_with_one_main_action(
    visit: Client, owner: User, now: datetime, blame: Blame, step: str
) -> None:
    deployment = stopped(owner, now, blame, step)
    page = main_of(visit, deployment)
    told = words.problem(CODES[blame], blame, {}, was_open=False, title="Wiki")
    assert [said for said in (told.happened, told.safe, told.can) if escape(said) not in page] == []
    assert len(re.findall(r'class="btn btn-primary"', page)) == 1
    assert re.search(r'btn-primary"[^>]*id="retry"', page)


@pytest.mark.parametrize("step", STOPS)
def test_the_step_at_which_it_stopped_is_marked_and_no_other(
    visit: Client, owner: User, now: datetime, step: str
) -> None:
    deployment = stopped(owner, now, Blame.APP, step)
    page = main_of(visit, deployment)
    marked = re.findall(r'class="step-stopped".*?</li>', page)
    if step in plan(deployment.manifest):
        assert len(marked) == 1
        assert str(STEPS[step][0]).partition("%")[0] in marked[0]


def test_each_blame_says_something_else_to_do() -> None:
    assert len({str(words.CAN[blame]) for blame in Blame}) == len(Blame)


def test_whoever_may_only_look_is_offered_nothing_to_press(
    client: Client, owner: User, staff: User, now: datetime
) -> None:
    deployment = stopped(owner, now, Blame.APP, "install")
    client.force_login(staff)
    assert "btn-primary" not in main_of(client, deployment)


def test_what_a_machine_that_never_answered_wrote_to_its_console_is_read_as_its_last_words(
    visit: Client, owner: User, now: datetime
) -> None:
    deployment = stopped(owner, now, Blame.FABRIC, "reach")
    machine = deployment.machine()
    assert machine is not None
    said = b"Kernel panic - not syncing: VFS: Unable to mount root fs"
    LogChunk.objects.create(machine=machine, job=CONSOLE, offset=0, size=len(said), data=said)
    page = main_of(visit, deployment)
    assert escape("The machine's last words") in page
    assert said.decode() in page
