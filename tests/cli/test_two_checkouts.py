"""Two checkouts on one computer do not disturb each other: both real, each with an engine of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_remove import AWAY, ROOT, copy_checkout
from tests.engine import ensure_engine

pytestmark = [ROOT, pytest.mark.engine, pytest.mark.caddy, pytest.mark.thorough]


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Any]]:
    """What was seen of both; about a minute on two cores."""
    place = ensure_engine()
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as name:
        folder = Path(name)
        for part in (folder, folder / "here", folder / "there"):
            part.mkdir(exist_ok=True)
            part.chmod(0o711)
        for which in ("here", "there"):
            copy_checkout(folder / which / "checkout")
        place.save_image(folder / "image.tar")
        spaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        env = {name: text for name, text in os.environ.items() if name not in AWAY}
        done = subprocess.run(
            [*spaces, sys.executable, "-m", "tests.cli.two_checkouts", name],
            env=env, cwd=folder / "here" / "checkout", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield json.loads((folder / "told.json").read_text())


@pytest.mark.parametrize(
    "what",
    ["WEB_LISTEN", "FRONT_DOOR_LISTEN", "GIT_DOOR_LISTEN", "DOCKER_HOST", "subnets", "first_port", "bridge_prefix"],
)
def test_each_has_its_own(seen: dict[str, Any], what: str) -> None:
    mine, theirs = seen[what]
    assert mine != theirs


def test_the_head_count_of_each_knows_only_its_own_machines(seen: dict[str, Any]) -> None:
    assert seen["roll_calls"] == seen["machines"]


def test_taking_one_down_leaves_the_services_of_the_other_alone(seen: dict[str, Any]) -> None:
    assert "The container engine has ended." in seen["down"]
    assert not seen["theirs_while_they_are_down"]
    assert seen["mine_while_they_are_down"]


def test_an_engine_that_starts_takes_no_rules_of_the_other_away(seen: dict[str, Any]) -> None:
    assert seen["mine_after_their_engine_started"]
