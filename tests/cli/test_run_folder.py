"""Where sockets, pid files and the lock of `up` lie: the same place for whoever calls, and what ran before is still found."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import backup, env_file, front_door, home, programs, remove, restore, up
from cli.__main__ import _parser
from cli.talk import HaltError
from tests.cli.test_backup import TABLE, sql
from tests.waiting import until

LONGEST = home.LONGEST_RUN_FOLDER
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ordinary user, who is signed in."""
    for name in ("FAIRGROUND_HOME", "FAIRGROUND_RUN", "XDG_DATA_HOME", "DATABASE_URL", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setattr(home, "os", SimpleNamespace(environ=os.environ, geteuid=lambda: 1000))
    monkeypatch.setattr(home, "LONGEST_RUN_FOLDER", 200)  # a test's own folder is longer than a person's
    return tmp_path


@pytest.fixture
def before(person: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An `up` that was started by older code, or with another FAIRGROUND_RUN."""
    home.home().mkdir(parents=True)
    there = person / "runtime" / f"fairground-{home.mark()}"
    there.mkdir(parents=True)
    env_file.write({"CADDY_ADMIN": f"unix/{there}/caddy.sock"})
    child = subprocess.Popen(SLEEPER, start_new_session=True)
    until("it has begun", lambda: programs._started(child.pid))
    (there / "up.pid").write_text(f"{child.pid} {programs._started(child.pid).partition('@')[0]}")
    yield child
    child.kill()
    child.wait()


def test_who_comes_by_su_or_cron_finds_what_was_started_by_who_is_signed_in(
    person: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = programs.start("web", SLEEPER)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert programs.pid("web") == child.pid
    assert programs.stop("web") is True
    assert not (person / "runtime").exists()


def test_what_older_code_started_is_found_and_ended(before: subprocess.Popen[bytes]) -> None:
    assert programs.pid("up") == before.pid
    with pytest.raises(HaltError, match="running already"), up.only_one():
        pytest.fail("two of them")
    assert programs.stop("up") is True
    assert before.wait(10)
    with up.only_one():
        assert programs.pid("up") == os.getpid()


def test_a_restore_knows_of_a_portal_that_runs_elsewhere(before: subprocess.Popen[bytes]) -> None:
    sql(TABLE)
    taken = backup.take(home.home() / "kept.tar", copies=False)
    with pytest.raises(HaltError, match="and it runs"):
        restore.restore(taken, yes=False)


def test_remove_takes_the_older_folder_too(before: subprocess.Popen[bytes], person: Path) -> None:
    programs.stop("up")
    with up.only_one():
        remove._take_away_files(leaving_engine=False)
    assert not list((person / "runtime").iterdir())


def test_a_front_door_whose_socket_was_elsewhere_is_opened_anew(
    before: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(front_door, "stop", lambda: closed.append("closed"))
    up._close_what_is_elsewhere()
    env_file.write({"CADDY_ADMIN": front_door.admin()})
    up._close_what_is_elsewhere()
    assert closed == ["closed"]


def test_a_program_of_before_the_computer_started_anew_is_not_taken_for_one_that_runs(person: Path) -> None:
    child = programs.start("web", SLEEPER)
    record = home.run_folder() / "web.pid"
    number, _, boot = record.read_text().partition("@")
    assert boot
    record.write_text(f"{number}@another-boot")
    assert programs.pid("web") is None
    child.kill()


def test_a_socket_fits_however_long_the_way_home_is(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "LONGEST_RUN_FOLDER", LONGEST)
    for way in ("/home/ada", f"/home/{'ada' * 20}", f"/home/{'ä' * 60}"):
        monkeypatch.setenv("FAIRGROUND_HOME", way)
        assert len(bytes(home.run_folder() / "bench" / "caddy.sock")) <= 107
    assert home.run_folder() == Path("/tmp") / f"fairground-{home.mark()}"


def test_who_does_not_agree_to_the_first_start_has_nothing_made(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "plan", lambda: ["Install something."])
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(HaltError, match="Nothing was changed"):
        up.up(_parser().parse_args(["up"]))
    assert list(person.iterdir()) == []
