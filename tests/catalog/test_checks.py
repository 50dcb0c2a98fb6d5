"""Authors ask for a look at their repository, and offer what was found right."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from catalog import checks
from catalog.models import App, Check, State
from portal.models import User
from tests.catalog.conftest import MAINTAINED
from tests.catalog.repos import commit
from tests.makers import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def author() -> User:
    """Somebody with a repository."""
    return make_person("author")


@pytest.fixture
def clock(noon: datetime) -> Callable[[], datetime]:
    """It is noon."""
    return lambda: noon


def asked(folder: Path, author: User, noon: datetime) -> Check:
    return checks.ask(f"file://{folder}", "HEAD", by=author, at=noon)


def test_a_sound_repository_is_told_to_its_author_and_to_nobody_else(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    check = asked(board, author, noon)

    assert checks.look_at_asked(clock) == 1

    check.refresh_from_db()
    assert check.manifest
    assert (check.manifest.name, check.told(), check.looked_at) == ("Notice board", [], noon)
    assert not App.objects.exists()


def test_nothing_that_was_fetched_for_a_check_stays(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    asked(board, author, noon)
    checks.look_at_asked(clock)
    assert list(settings.MIRRORS.with_name("checks").iterdir()) == []
    assert not settings.MIRRORS.exists()


def test_what_is_wrong_is_told_in_the_words_of_the_curator(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    commit(board, {"fairground.toml": MAINTAINED.replace('"64MiB"', "64")})
    check = asked(board, author, noon)
    checks.look_at_asked(clock)
    check.refresh_from_db()
    assert str(check.told()[0]).startswith("fairground.toml: resources.memory = 64: expected a whole number")
    assert not checks.offer(check, at=noon)


def test_whoever_asks_again_is_told_about_the_last_repository_only(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    asked(board / "nowhere", author, noon)
    checks.look_at_asked(clock)
    check = asked(board, author, noon)
    assert (check.looked_at, check.told()) == (None, [])
    checks.look_at_asked(clock)
    check.refresh_from_db()
    assert (Check.objects.count(), check.told()) == (1, [])


def test_a_look_whose_worker_died_is_taken_up_again(board: Path, author: User, noon: datetime) -> None:
    check = asked(board, author, noon)
    Check.objects.update(tried_at=noon)
    assert checks.look_at_asked(lambda: noon + timedelta(minutes=5)) == 0
    assert checks.look_at_asked(lambda: noon + timedelta(minutes=7)) == 1
    check.refresh_from_db()
    assert check.looked_at


def test_what_is_offered_waits_for_a_curator_with_the_name_of_its_author(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    check = asked(board, author, noon)
    checks.look_at_asked(clock)
    check.refresh_from_db()

    assert [checks.offer(check, at=noon), checks.offer(check, at=noon)] == [True, False]
    checks.look_at_asked(clock)

    app = App.objects.get()
    assert (app.state, app.slug, app.added_by) == (State.CANDIDATE, "notice-board", author)


def test_whoever_looks_after_an_app_of_the_shelf_may_check_it_too(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    App.objects.create(url=f"file://{board}", added_at=noon)
    checks.look_at_asked(clock)
    check = asked(board, author, noon)
    checks.look_at_asked(clock)
    check.refresh_from_db()
    assert check.told() == []


def test_the_name_of_another_app_is_refused(
    board: Path, author: User, noon: datetime, clock: Callable[[], datetime]
) -> None:
    App.objects.create(url="https://git.example.org/other", slug="notice-board", added_at=noon, looked_at=noon)
    check = asked(board, author, noon)
    checks.look_at_asked(clock)
    check.refresh_from_db()
    assert [problem.key for problem in check.told()] == ["id"]


def test_old_looks_and_what_the_dead_left_of_them_go(board: Path, author: User, noon: datetime) -> None:
    asked(board, author, noon)
    late = noon + timedelta(days=8)
    for name, moment in (("left", noon), ("under-way", late)):
        folder = settings.MIRRORS.with_name("checks") / name
        folder.mkdir(parents=True)
        os.utime(folder, (moment.timestamp(), moment.timestamp()))
    checks.tidy(late)
    assert not Check.objects.exists()
    assert [left.name for left in settings.MIRRORS.with_name("checks").iterdir()] == ["under-way"]
