"""From a repository to a release, or to what its author has to put right."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from catalog import sync
from catalog.models import App, Dataset, Release, State
from catalog.url import GitProblem
from tests.catalog.conftest import MAINTAINED
from tests.catalog.repos import commit, git, make_repo

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def app_at(folder: Path, noon: datetime) -> App:
    return App.objects.create(url=f"file://{folder}", added_by=None, added_at=noon)


def said(app: App) -> list[str]:
    return [str(problem) for problem in app.told()]


def test_a_sound_repository_becomes_a_candidate(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)

    release = sync.look_at(app, at=noon)

    assert release
    assert release.commit == git(board, "rev-parse", "HEAD")
    assert release.manifest.name == "Notice board"
    assert (app.state, app.slug, app.current, app.told()) == (State.CANDIDATE, "notice-board", release, [])
    assert str(app) == "Notice board"


def test_looking_twice_takes_one_release(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)

    assert sync.look_at(app, at=noon) == sync.look_at(app, at=noon + timedelta(hours=1))

    assert Release.objects.count() == 1
    assert app.looked_at == noon + timedelta(hours=1)


def test_a_new_commit_waits_for_the_curator(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)
    first = sync.look_at(app, at=noon)
    assert first
    assert app.publish(first, by=None, at=noon)
    commit(board, {"README.md": "new"})

    second = sync.look_at(app, at=noon + timedelta(days=1))

    assert (app.current, app.newest, app.state) == (first, second, State.PUBLISHED)


def test_a_wrong_manifest_is_told_and_the_shelf_stays(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)
    first = sync.look_at(app, at=noon)
    assert first
    app.publish(first, by=None, at=noon)
    commit(board, {"fairground.toml": MAINTAINED.replace('"64MiB"', "64")})

    assert sync.look_at(app, at=noon) is None

    assert said(app)[0].startswith("fairground.toml: resources.memory = 64: expected a whole number")
    assert (app.state, app.current) == (State.PUBLISHED, first)


WRONG: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    "no manifest": ({"fairground.toml": None}, "this file is not in the repository: fairground.toml"),
    "no installer": ({"script/install": None}, "service.install = 'script/install': this file is not in"),
    "no program": ({"script/configure": "x"}, "service.configure = 'script/configure': expected a program"),
    "no picture": ({"icon.png": b"x" * 100_001}, "icon = 'icon.png': this file has 100001 bytes"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_not_as_it_has_to_be_is_named(case: str, board: Path, noon: datetime) -> None:
    files, sentence = WRONG[case]
    more = {"no program": 'configure = "script/configure"', "no picture": 'rerun = "safe"'}.get(case, "")
    text = MAINTAINED.replace("[service]", f"[service]\n{more}")
    commit(board, {"fairground.toml": 'icon = "icon.png"\n' + text if case == "no picture" else text})
    for name, content in files.items():
        if content is None:
            git(board, "rm", "-q", name)
    commit(board, {name: content for name, content in files.items() if content is not None})
    app = app_at(board, noon)

    assert sync.look_at(app, at=noon) is None
    assert sentence in said(app)[0]


def test_a_repository_that_is_not_there_is_told(shelf: Path, noon: datetime) -> None:
    app = app_at(shelf / "nothing", noon)

    assert sync.look_at(app, at=noon) is None
    assert app.state == State.DRAFT
    assert "there is no" in said(app)[0]


def test_an_id_never_changes_and_is_never_shared(board: Path, shelf: Path, noon: datetime) -> None:
    first = app_at(board, noon)
    sync.look_at(first, at=noon)
    twin = app_at(shutil.copytree(board, shelf / "twin"), noon)
    sync.look_at(twin, at=noon)
    commit(board, {"fairground.toml": MAINTAINED.replace("notice-board", "other")})
    sync.look_at(first, at=noon)

    assert "another app has this id" in said(twin)[0]
    assert "the id of an app never changes" in said(first)[0]


def test_content_is_fetched_and_known_as_a_dataset(board: Path, shelf: Path, noon: datetime) -> None:
    content = make_repo(shelf / "content", {"today.txt": "soup"})
    data = f'[data]\nrepo = "file://{content}"\ntarget = "/srv/board"\nevery = "10m"\n'
    commit(board, {"fairground.toml": MAINTAINED + data})

    release = sync.look_at(app_at(board, noon), at=noon)

    assert release
    assert release.dataset == Dataset.objects.get(url=f"file://{content}", ref="HEAD")
    newer = commit(content, {"today.txt": "fish"})
    assert sync.refresh(release.dataset) == newer


def test_content_that_cannot_be_fetched_is_told(board: Path, noon: datetime) -> None:
    data = '[data]\nrepo = "https://127.0.0.1/x"\ntarget = "/srv/board"\nevery = "10m"\n'
    commit(board, {"fairground.toml": MAINTAINED + data})
    app = app_at(board, noon)

    assert sync.look_at(app, at=noon) is None
    assert said(app)[0].startswith("fairground.toml: data.repo = 'https://127.0.0.1/x': this address cannot be used")


def test_texts_that_the_manifest_names_are_kept(board: Path, noon: datetime) -> None:
    texts = '[notices]\nafter_launch = "docs/first.md"\n'
    commit(board, {"fairground.toml": MAINTAINED + texts, "docs/first.md": "# Three things"})

    release = sync.look_at(app_at(board, noon), at=noon)

    assert release
    assert release.texts == {"notices.after_launch": "# Three things"}


def test_a_pinned_release_outlives_its_branch(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)
    pinned = sync.look_at(app, at=noon)
    assert pinned
    for number in range(6):
        commit(board, {"README.md": str(number)}, "--amend")
        sync.look_at(app, at=noon)

    assert sync.mirror_of(app.url).has_commit(pinned.commit)


def test_only_what_was_found_right_can_be_published(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)
    release = sync.look_at(app, at=noon)
    assert release
    other = App.objects.create(url="https://git.example.org/other", added_at=noon)

    assert not other.publish(release, by=None, at=noon)
    assert app.publish(release, by=None, at=noon)
    assert not app.publish(release, by=None, at=noon)
    assert (app.state, app.decided_by) == (State.PUBLISHED, None)


def test_an_app_is_retired_once_and_comes_back_by_publishing(board: Path, noon: datetime) -> None:
    app = app_at(board, noon)
    release = sync.look_at(app, at=noon)
    assert release
    app.publish(release, by=None, at=noon)

    assert [app.retire(by=None, at=noon), app.retire(by=None, at=noon)] == [True, False]
    assert app.publish(release, by=None, at=noon)
    assert [app.take_off(by=None, at=noon), app.take_off(by=None, at=noon)] == [True, False]
    assert app.state == State.BROKEN


def test_a_release_is_frozen(board: Path, noon: datetime) -> None:
    release = sync.look_at(app_at(board, noon), at=noon)
    assert release

    with pytest.raises(ValueError, match="frozen"):
        release.save()


@pytest.mark.parametrize("change", [{"state": State.PUBLISHED}, {"state": "nonsense"}])
def test_the_rows_refuse_what_cannot_be(change: dict[str, str], noon: datetime) -> None:
    app = App.objects.create(url="https://git.example.org/a", added_at=noon)

    with pytest.raises(IntegrityError), transaction.atomic():
        App.objects.filter(pk=app.pk).update(**change)


def test_a_release_has_a_full_commit(board: Path, noon: datetime) -> None:
    release = sync.look_at(app_at(board, noon), at=noon)
    assert release

    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(commit=release.commit[:12])


def test_every_problem_of_a_repository_has_its_sentence() -> None:
    documented = (GitProblem.__doc__ or "").partition("Codes:")[2].replace("\n", " ").rstrip(" .").split(",")

    assert {code.strip() for code in documented} == set(sync.SENTENCES)
