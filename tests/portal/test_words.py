"""Every problem has a sentence, every step has its two lines, and no page speaks like a machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import strip_tags

from machine.onboard.failure import Why
from portal import words
from portal.models import User
from portal.pages.progress import OF_DEPLOYMENT, OF_MACHINE, OF_MOVE
from portal.sentences import CONTENT, PROBLEMS, STEPS, VALUES, WAITS
from provisioning.errors import Blame
from provisioning.phases import Kind, Phase
from provisioning.reconciler.decide import Course
from provisioning.reconciler.plans import PLANS
from provisioning.ssh.answers import THEIRS
from tests.makers import make_event
from tests.portal.scenes import SCENES
from tests.portal.site import fill

pytestmark = pytest.mark.thorough

QUOTED = re.compile(r"<pre.*?</pre>", re.DOTALL)
"""What is pasted elsewhere, in the words of that place."""
FORBIDDEN = re.compile(
    r"\b(deployments?|releases?|fabrics?|provision\w*|instances?|reconcil\w*|leases?|drivers?|stack trace|oops|"
    r"something went wrong|phases?|none)\b",
    re.IGNORECASE,
)
FOR_AUTHORS = {"out-guide", "guide", "out-api"}
"""Whoever writes a manifest knows its words."""
STOPS = {"TryAgain", "GiveUp"}
LOOKS = {"has_run", "has_fetched"}
"""What looks at a remote job is given the code of its failure."""
SOURCES = [ast.parse(path.read_text()) for path in Path("provisioning").rglob("*.py")]
"""The catalog stops nothing: it does not know these errors, and tells its problems to curators itself."""


NAMED = {
    target.id: node.value.value
    for tree in SOURCES
    for node in ast.walk(tree)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    for target in node.targets
    if isinstance(target, ast.Name)
}


def codes_in(tree: ast.Module) -> Iterator[str]:
    """Every code that a file stops with: in the Stop itself, in a name it is given by, in a table with its blame."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in STOPS:
                yield from constants(node.args[0])
            elif node.func.id in LOOKS and len(node.args) > 2:
                yield from constants(node.args[2])
        elif isinstance(node, ast.Tuple) and any(is_blame(part) for part in node.elts):
            yield from (str(part.value) for part in node.elts if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Assign) and any(isinstance(it, ast.Name) and it.id == "code" for it in node.targets):
            yield from (str(part.value) for part in ast.walk(node.value) if isinstance(part, ast.Constant))


def constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id in NAMED:
        yield str(NAMED[node.id])


def is_blame(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Blame"


def all_codes() -> set[str]:
    found = {code for tree in SOURCES for code in codes_in(tree)}
    return {code for code in found if re.fullmatch(r"[a-z]+(-[a-z]+)+", code)} | set(THEIRS)


def test_every_code_that_anything_stops_with_has_a_sentence() -> None:
    assert all_codes() - set(PROBLEMS) == set()


def test_no_sentence_is_kept_for_a_code_that_nothing_stops_with() -> None:
    assert set(PROBLEMS) - all_codes() == set()


def test_every_step_of_a_launch_has_its_two_lines_in_order() -> None:
    of_machine = [step.name for step in PLANS[Kind.MACHINE, Course.LAUNCHING]]
    of_deployment = [step.name for step in PLANS[Kind.DEPLOYMENT, Course.LAUNCHING] if step.name != "machines"]
    assert of_machine == list(OF_MACHINE)
    assert of_deployment == list(OF_DEPLOYMENT)
    of_move = [step.name for step in PLANS[Kind.DEPLOYMENT, Course.MOVING]]
    assert of_move == ["unpublish", *OF_MOVE, "swap"]
    assert set(STEPS) == {"queued", *of_machine, *of_deployment, *OF_MOVE}


def test_every_reason_why_content_does_not_come_has_a_sentence() -> None:
    assert set(CONTENT) == {why.word for why in Why}


def test_every_reason_to_wait_for_room_or_in_quarantine_has_a_sentence() -> None:
    for_room = re.findall(r'NotYet\("([a-z-]+)"', Path("provisioning/admission.py").read_text())
    assert set(WAITS) == {*for_room, "quarantine"}


def test_every_problem_of_a_value_has_a_sentence() -> None:
    raised = re.findall(r'RefusedError\("([a-z-]+)"', Path("catalog/manifest/params.py").read_text())
    assert set(VALUES) == {*raised, "unknown"}


def test_every_phase_has_a_word() -> None:
    assert set(words.PHASES) == set(Phase)


@pytest.mark.parametrize("blame", [*Blame, ""])
@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_a_problem_tells_what_happened_what_is_safe_and_what_you_can_do(code: str, blame: str) -> None:
    told = words.problem(code, blame, {"why": "50 % of it\x1b[31m"}, was_open=True, title="The 100 % wiki")
    assert told.happened.endswith(".")
    assert "%" not in told.happened.replace("100 %", "").replace("50 %", "")
    assert told.safe
    assert told.can


def test_an_unknown_code_is_our_mistake_and_never_shown() -> None:
    told = words.problem("never-heard-of", "portal", {}, was_open=False, title="Wiki")
    assert "never-heard-of" not in told.happened


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_no_page_of_a_service_speaks_like_a_machine(visit: Client, owner: User, scene: str) -> None:
    deployment = SCENES[scene](make_event(owner))
    page = visit.get(f"/services/{deployment.key}").content.decode()
    assert FORBIDDEN.findall(strip_tags(page)) == []


def test_no_page_of_people_speaks_like_a_machine(client: Client, db: None) -> None:
    pages, session = fill()
    found = {}
    for name, path in pages.items():
        client.cookies.clear()
        if not name.startswith("out-"):
            client.cookies[settings.SESSION_COOKIE_NAME] = session
        page = QUOTED.sub("", client.get(path, follow=True).content.decode())
        if name not in FOR_AUTHORS and (said := FORBIDDEN.findall(strip_tags(page))):
            found[name] = said
    assert found == {}
