"""The apps that come along are apps like any other."""

import json
import subprocess
import sys
import tarfile
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from catalog import git, sync
from catalog.models import App, Release, State
from catalog.starter_repos import STARTER, add_content, make_repositories

pytestmark = pytest.mark.thorough

DAY = date(2026, 11, 20)
APPS = ["dokuwiki", "photo-wall", "results-board"]


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HOME = tmp_path
    settings.MIRRORS = tmp_path / "mirrors"
    settings.STARTER_URL = f"file://{tmp_path}/starter"
    settings.GIT_TRUSTED = [f"{settings.STARTER_URL}/"]
    return tmp_path


def commits(repository: Path) -> int:
    return int(git.run(repository, ["rev-list", "--count", "HEAD"]))


def test_repositories_are_made_once_and_change_with_their_files_only(tmp_path: Path) -> None:
    for _ in range(2):
        apps = make_repositories(tmp_path, url=f"file://{tmp_path}", today=DAY)

    assert [app.name for app in apps] == APPS
    assert [commits(tmp_path / name / "service") for name in APPS] == [1, 1, 1]


def test_content_of_a_new_day_is_a_new_commit(tmp_path: Path) -> None:
    make_repositories(tmp_path, url=f"file://{tmp_path}", today=DAY)
    first = add_content(tmp_path, "results-board", DAY)

    second = add_content(tmp_path, "results-board", date(2026, 11, 21))

    assert first != second == add_content(tmp_path, "results-board", date(2026, 11, 21))
    assert commits(tmp_path / "results-board" / "data") == 2
    packed = git.run(tmp_path / "results-board" / "data", ["cat-file", "blob", f"{second}:results.tar.gz"])
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        names = tar.getnames()
    assert {name.split("/")[0] for name in names} == {f"2026-11-{day}" for day in range(15, 22)}


def test_setting_up_again_keeps_newer_content(tmp_path: Path) -> None:
    make_repositories(tmp_path, url=f"file://{tmp_path}", today=DAY)
    newest = add_content(tmp_path, "results-board", date(2026, 11, 25))

    make_repositories(tmp_path, url=f"file://{tmp_path}", today=DAY)

    assert git.run(tmp_path / "results-board" / "data", ["rev-parse", "HEAD"]).decode().strip() == newest


@pytest.mark.django_db
def test_all_apps_are_on_the_shelf_after_one_command(home: Path) -> None:
    call_command("starter", stdout=StringIO())

    assert {app.slug: app.state for app in App.objects.all()} == dict.fromkeys(APPS, State.PUBLISHED)
    board = App.objects.get(slug="results-board").current
    assert board
    assert board.dataset
    assert board.manifest.probe.contains == "Results board"
    assert board.texts["notices.after_launch"].startswith("1. Open the board")


@pytest.mark.django_db
def test_a_second_time_changes_nothing_and_what_was_retired_stays_so(home: Path) -> None:
    call_command("starter", stdout=StringIO())
    wiki = App.objects.get(slug="dokuwiki")
    wiki.retire(by=None, at=wiki.added_at)

    call_command("starter", stdout=StringIO())

    wiki.refresh_from_db()
    assert wiki.state == State.RETIRED
    assert Release.objects.count() == 3


@pytest.mark.django_db
def test_new_content_reaches_the_copy_that_machines_pull_from(home: Path) -> None:
    call_command("starter", stdout=StringIO())
    release = App.objects.get(slug="results-board").current
    assert release
    assert release.dataset
    before = sync.refresh(release.dataset)

    call_command("starter", "--day", "2031-01-01", stdout=StringIO())

    assert sync.refresh(release.dataset) != before


def test_the_board_is_configured_with_any_title(tmp_path: Path) -> None:
    """The program itself writes below /etc; what is looked at here is what it would write."""
    title = "Tests \"of\" the <b>week</b> & 'more' \\ ü"
    source = (STARTER / "results-board/service/script/configure").read_text()
    program = source.replace("/etc/results-board.json", f"{tmp_path}/board.json")
    (tmp_path / "values.json").write_text(json.dumps({"values": {"title": title, "days": 3}, "facts": {}}))

    env = {"FAIRGROUND_ENV": f"{tmp_path}/values.json"}
    subprocess.run([sys.executable, "-c", program], env=env, check=True)

    assert json.loads((tmp_path / "board.json").read_text()) == {"title": title, "days": 3}


@pytest.mark.parametrize(
    "path", sorted(STARTER.glob("*/service/script/*")), ids=lambda path: f"{path.parts[-4]}-{path.name}"
)
def test_every_program_of_an_app_is_one_that_its_machine_can_read(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    shell = first == "#!/bin/sh"

    assert shell or first == "#!/usr/bin/python3"
    checked = (
        ["sh", "-n", str(path)]
        if shell
        else [sys.executable, "-c", f"compile(open({str(path)!r}).read(), 'x', 'exec')"]
    )
    subprocess.run(checked, check=True)
    assert path.stat().st_mode & 0o111


@pytest.mark.django_db
def test_after_a_move_the_apps_are_still_those_that_rows_and_machines_know(home: Path, settings: Settings) -> None:
    call_command("starter", stdout=StringIO())
    before = set(App.objects.values_list("url", "current__commit"))
    (home / "starter").rename(home / "elsewhere")
    (home / "mirrors").rename(home / "other")
    settings.HOME, settings.MIRRORS = home / "new", home / "new" / "mirrors"
    (home / "new").mkdir()
    (home / "elsewhere").rename(home / "new" / "starter")
    call_command("starter", stdout=StringIO())
    assert set(App.objects.values_list("url", "current__commit")) == before
