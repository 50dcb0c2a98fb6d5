"""The least policy, as the driver needs it and as docs/places.md tells it."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from provisioning.fabrics import ec2

pytestmark = pytest.mark.thorough

PAGE = Path("docs/places.md")
OPTIONS = {
    "types": [{"type": "t3.small"}, {"type": "t3.medium"}],
    "queue": "https://sqs.example/123456789012/fairground",
}
TAGS = "ec2:CreateTags"
"""Asked for by nothing of ours: the cloud wants it where something is tagged as it is made."""


def words(node: ast.AST) -> Iterator[str]:
    """All texts of a piece of code."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def asked() -> set[str]:
    """What the driver's folder asks of a cloud, by the cloud's own list of what can be asked."""
    folder = Path(ec2.__file__).parent
    said = {word for path in folder.glob("*.py") for word in words(ast.parse(path.read_text()))}
    models = {name: get_session().get_service_model(name).operation_names for name in ("ec2", "ssm", "sqs")}
    return {f"{name}:{verb}" for name, verbs in models.items() for verb in verbs if xform_name(verb) in said}


def allowed(policy: dict[str, Any]) -> set[str]:
    """Every action of a policy."""
    actions = [each["Action"] for each in policy["Statement"]]
    return {one for each in actions for one in (each if isinstance(each, list) else [each])}


def test_the_policy_allows_what_the_driver_asks_and_nothing_else() -> None:
    assert asked() == allowed(json.loads(ec2.least_policy(OPTIONS))) - {TAGS}


def test_a_place_without_a_queue_may_read_none() -> None:
    assert "sqs" not in ec2.least_policy({})


def test_the_page_for_admins_shows_that_very_policy() -> None:
    shown = re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown
    assert json.loads(shown[1]) == json.loads(ec2.least_policy(OPTIONS))


def test_the_page_says_what_each_permission_is_for() -> None:
    told = set(re.findall(r"`((?:ec2|ssm|sqs):\w+)`", PAGE.read_text()))
    assert told == allowed(json.loads(ec2.least_policy(OPTIONS)))
