"""The pictures of an app's author: shown from our copy of the repository, and harmless."""

from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from catalog import sync
from catalog.models import App
from tests.catalog.conftest import MAINTAINED, make_program
from tests.catalog.repos import make_repo

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
DRAWN = 'icon = "icon.svg"\nscreenshots = [{ path = "page.png", alt = "The board in use" }]\n'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def drawn(tmp_path: Path, settings: Settings, now: datetime) -> App:
    """An app on the shelf that brings pictures."""
    settings.MIRRORS, settings.GIT_TRUSTED = tmp_path / "mirrors", [f"file://{tmp_path}/"]
    files: dict[str, str | bytes] = {"fairground.toml": DRAWN + MAINTAINED, "icon.svg": SVG, "page.png": b"\x89PNG"}
    folder = make_repo(tmp_path / "board", files | {"script/install": "#!/bin/sh\n"})
    make_program(folder, "script/install")
    app = App.objects.create(url=f"file://{folder}", added_at=now)
    release = sync.look_at(app, at=now)
    assert release, app.problems
    app.publish(release, by=None, at=now)
    return app


def test_the_shelf_shows_its_drawing_and_the_page_its_pictures_with_words(client: Client, drawn: App) -> None:
    assert drawn.current
    where = f"/apps/{drawn.slug}/{drawn.current.commit}"
    assert f'src="{where}/0"' in client.get("/apps").content.decode()
    assert f'src="{where}/1" alt="The board in use"' in client.get(f"/apps/{drawn.slug}").content.decode()
    assert client.get(f"{where}/1").content == b"\x89PNG"


def test_nothing_in_a_drawing_may_run_when_it_is_opened_alone(client: Client, drawn: App) -> None:
    assert drawn.current
    answer = client.get(f"/apps/{drawn.slug}/{drawn.current.commit}/0")
    assert (answer.content, answer["Content-Type"]) == (SVG, "image/svg+xml")
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["Content-Security-Policy"].endswith("sandbox")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["{commit}/2", "{other}/0", "HEAD/0"])
def test_only_what_the_manifest_of_a_version_names_is_handed_out(client: Client, drawn: App, path: str) -> None:
    assert drawn.current
    told = path.format(commit=drawn.current.commit, other="b" * 40)
    assert client.get(f"/apps/{drawn.slug}/{told}").status_code == 404


def test_pictures_of_what_is_on_no_shelf_are_not_there(client: Client, drawn: App, now: datetime) -> None:
    assert drawn.current
    drawn.retire(by=None, at=now)
    assert client.get(f"/apps/{drawn.slug}/{drawn.current.commit}/0").status_code == 404


def test_a_repository_that_we_have_no_copy_of_leaves_the_page_whole(
    client: Client, drawn: App, tmp_path: Path, settings: Settings
) -> None:
    assert drawn.current
    settings.MIRRORS = tmp_path / "lost"
    assert client.get(f"/apps/{drawn.slug}/{drawn.current.commit}/0").status_code == 404
    assert client.get(f"/apps/{drawn.slug}").status_code == 200
