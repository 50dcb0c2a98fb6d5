"""Backup and restore of the portal itself, on a real SQLite file."""

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import environ
import pytest

from catalog import git
from catalog.mirror import Mirror
from catalog.url import GitRules
from cli import backup, compose, container_engine, env_file, portal_files, programs, remove, restore
from cli.container_engine import Engine
from cli.home import CHECKOUT, settings_file
from cli.talk import HaltError
from tests.catalog.repos import commit, make_repo

TABLE = "CREATE TABLE provisioning_admission (id INTEGER PRIMARY KEY, is_open, quarantined, last_person_id)"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRGROUND_RUN", str(tmp_path / "run"))
    for name in ("DATABASE_URL", "MIRRORS", "ARCHIVES", "BACKUPS", "COPIES_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    env_file.write({"SECRET_KEY": "of the first day", "DOCKER_HOST": "unix:///here"})
    for name in ("mirrors/one.git/HEAD", "archives/copy.tar.gz"):
        (tmp_path / "home" / name).parent.mkdir(parents=True)
        (tmp_path / "home" / name).write_text(name)
    sql(TABLE)
    sql("CREATE TABLE told (word)")
    sql("INSERT INTO told VALUES ('before')")
    return tmp_path / "home"


def sql(statement: str) -> list[tuple[object, ...]]:
    file = portal_files.sqlite_file()
    assert file
    with closing(sqlite3.connect(file)) as database, database:
        return database.execute(statement).fetchall()


def test_a_portal_comes_back_as_it_was_and_in_quarantine(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    sql("UPDATE told SET word = 'after'")
    env_file.write({"SECRET_KEY": "another"})
    (home / "archives" / "copy.tar.gz").unlink()
    assert restore.restore(taken, yes=True) == 0
    assert sql("SELECT word FROM told") == [("before",)]
    assert sql("SELECT quarantined FROM provisioning_admission") == [(1,)]
    starter = f"file://{home}/starter"
    assert env_file.read() == {
        "SECRET_KEY": "of the first day",
        "DOCKER_HOST": "unix:///here",
        "STARTER_URL": starter,
    }
    assert (home / "archives" / "copy.tar.gz").read_text() == "archives/copy.tar.gz"
    assert (home / "mirrors" / "one.git" / "HEAD").exists()


def test_in_another_home_starter_apps_keep_the_address_by_which_machines_know_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    for name in ("second", "third"):
        monkeypatch.setenv("FAIRGROUND_HOME", str(home.parent / name))
        restore.restore(taken, yes=True)
        assert env_file.read()["STARTER_URL"] == f"file://{home}/starter"
        taken = backup.take(home / f"{name}.tar", copies=True)


def test_on_another_computer_copies_are_where_the_portal_looks_for_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = home.parent / "disk"
    (home / "archives").rename(disk)
    env_file.write({"ARCHIVES": f"{disk}", "MIRRORS": f"{home}/mirrors", "HOUSE_LANGUAGE": "de"})
    taken = backup.take(home.parent / "kept.tar", copies=True)
    disk.rename(home.parent / "away")
    monkeypatch.setenv("FAIRGROUND_HOME", str(home.parent / "another"))
    restore.restore(taken, yes=True)
    assert (home.parent / "another" / "archives" / "copy.tar.gz").exists()
    assert portal_files.folder("archives") == home.parent / "another" / "archives"
    assert env_file.read()["HOUSE_LANGUAGE"] == "de"
    assert "places of then: ARCHIVES, MIRRORS." in capsys.readouterr().out


def test_what_was_moved_by_a_setting_stays_there(home: Path) -> None:
    (home / "archives").rename(home.parent / "disk")
    env_file.write({"ARCHIVES": str(home.parent / "disk")})
    taken = backup.take(home / "kept.tar", copies=True)
    (home.parent / "disk" / "copy.tar.gz").unlink()
    restore.restore(taken, yes=True)
    assert (home.parent / "disk" / "copy.tar.gz").exists()


def test_copies_in_a_place_in_quotes_are_in_the_backup(home: Path) -> None:
    (home / "archives").rename(home.parent / "kept copies")
    settings_file().write_text(f'export ARCHIVES="{home.parent}/kept copies"\n')
    assert "archives/copy.tar.gz" in str(backup.read_manifest(backup.take(home / "kept.tar", copies=True))["files"])


def test_copies_in_a_bucket_are_not_said_to_be_in_the_backup(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env_file.write({"COPIES_BUCKET": "fair"})
    backup.backup(home / "kept.tar")
    assert "Kept copies of services are NOT in it; they lie in the bucket fair" in capsys.readouterr().out


def test_a_mirror_that_git_has_packed_comes_back_as_a_repository(home: Path) -> None:
    """Then no file lies below refs/, and a folder without files is in no backup."""
    repo = make_repo(home.parent / "served" / "app", {"fairground.toml": "format = 1\n"})
    mirror = Mirror.of(f"file://{repo}", root=home / "mirrors", rules=GitRules((f"file://{repo.parent}/",)))
    first = mirror.refresh()
    git.run(mirror.folder, ["gc", "--quiet", "--prune=now"])
    (mirror.folder / "refs" / "seen").rmdir()
    restore.restore(backup.take(home / "kept.tar", copies=False), yes=True)
    assert mirror.resolve() == first
    head = commit(repo, {"day": "2\n"})
    assert mirror.refresh() == head


def test_what_a_restore_replaces_is_kept_aside(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    sql("UPDATE told SET word = 'after'")
    restore.restore(taken, yes=True)
    (aside,) = home.glob("replaced-*")
    with closing(sqlite3.connect(aside / portal_files.SQLITE)) as database:
        assert database.execute("SELECT word FROM told").fetchall() == [("after",)]
    assert {path.name for path in aside.iterdir()} >= {"fairground.env", "mirrors"}


def test_a_living_portal_is_not_replaced_unasked(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    sql("UPDATE told SET word = 'after'")
    with pytest.raises(HaltError, match="Nothing was changed"):
        restore.restore(taken, yes=False)
    assert sql("SELECT word FROM told") == [("after",)]


def test_a_copy_made_since_the_backup_stays(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    (home / "archives" / "later.tar.gz").write_text("later")
    restore.restore(taken, yes=True)
    assert (home / "archives" / "later.tar.gz").read_text() == "later"


def test_a_backup_that_was_damaged_changes_nothing(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    taken.write_bytes(taken.read_bytes().replace(b"of the first day", b"of the third day"))
    with pytest.raises(HaltError, match="not whole"):
        restore.restore(taken, yes=True)
    assert not list(home.glob("replaced-*"))


def test_a_backup_is_for_our_eyes_only_and_tells_whether_copies_are_in_it(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=False)
    assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    told = backup.read_manifest(taken)
    assert told["copies"] is False
    assert sorted(told["files"]) == ["database.sqlite3", "fairground.env", "mirrors/one.git/HEAD"]  # type: ignore[call-overload]


def test_a_backup_that_fails_leaves_the_one_before(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    before = taken.read_bytes()
    (home / portal_files.SQLITE).unlink()
    with pytest.raises(HaltError, match="no database"):
        backup.take(taken, copies=True)
    assert taken.read_bytes() == before
    assert not [path for path in home.iterdir() if path.name.endswith(".new")]


def test_of_backups_before_migrations_the_newest_five_stay(home: Path) -> None:
    taken = [backup.take_before_migration() for _ in range(7)]
    assert sorted((home / "backups").glob("*")) == sorted(taken)[-5:]


def test_the_database_is_read_as_of_one_moment_while_it_is_written_to(home: Path) -> None:
    with closing(sqlite3.connect(home / portal_files.SQLITE)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE told SET word = 'half-done'")
        taken = backup.take(home / "kept.tar", copies=False)
        writer.rollback()
    restore.restore(taken, yes=True)
    assert sql("SELECT word FROM told") == [("before",)]


def test_before_the_first_start_there_is_nothing_to_keep(home: Path) -> None:
    settings_file().unlink()
    with pytest.raises(HaltError, match="nothing to keep"):
        backup.take(home / "kept.tar", copies=True)


def test_a_backup_for_another_kind_of_database_stops_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@127.0.0.1:1/c")
    monkeypatch.setattr(programs, "stop", lambda name, **_: pytest.fail(f"{name} was stopped"))
    with pytest.raises(HaltError, match=r"another kind of database.*Nothing was changed"):
        restore.restore(taken, yes=True)
    assert not list(home.glob("replaced-*"))


def test_a_damaged_database_is_told_in_words_and_what_came_before_goes_into_its_place(home: Path) -> None:
    taken = backup.take(home / "kept.tar", copies=True)
    (home / portal_files.SQLITE).write_bytes(b"x" * 5000)
    with pytest.raises(HaltError, match="could not be read: file is not a database"):
        backup.take(home / "another.tar", copies=True)
    assert not list(home.glob("*another*"))
    restore.restore(taken, yes=True)
    assert sql("SELECT word FROM told") == [("before",)]


@pytest.mark.parametrize("place", ["/proc/none/kept.tar", "/etc/hostname/kept.tar"])
def test_a_place_that_cannot_be_made_is_told_in_words(home: Path, place: str) -> None:
    with pytest.raises(HaltError, match="could not be written"):
        backup.take(Path(place), copies=True)


def read_by_others(folder: Path) -> list[str]:
    """Files that somebody else could open, where every folder above `folder` lets them through."""
    seen = []
    for path in sorted(folder.rglob("*")):
        way = [one for one in path.parents if folder in one.parents]
        if path.is_file() and path.stat().st_mode & 0o044 and all(one.stat().st_mode & 0o011 for one in way):
            seen.append(str(path.relative_to(folder)))
    return seen


@pytest.fixture
def widest_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("widest_umask")
def test_whatever_umask_the_command_line_has_nobody_else_reads_what_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(home)
    home.mkdir(mode=0o711)
    monkeypatch.setattr(
        container_engine, "ensure", lambda _: Engine("unix:///nowhere", is_ours=False, git_door_host="127.0.0.1")
    )
    monkeypatch.setattr(compose, "ensure_image", lambda *_: "image")
    env_file.write({"SECRET_KEY": "x"})
    made = "cd $0 && touch fairground.sqlite3 && mkdir archives mirrors && echo x | tee archives/copy mirrors/one"
    programs.start("portal", ["sh", "-c", made, str(home)]).wait()  # our own programs have a umask of their own
    sql(TABLE)
    taken = backup.take(home.parent / "kept.tar", copies=True)
    assert read_by_others(home.parent) == []
    restore.restore(taken, yes=True)
    compose.compose(home.parent / ".env")
    remove._save_copies({"copies": [{"file": "copy"}]}, delete=False)
    assert read_by_others(home.parent) == []
    assert {path.name for path in home.parent.rglob("*") if path.is_file()} >= {"LIST.json", "kept.tar", ".env", "one"}


def test_files_are_meant_from_where_the_caller_stands(home: Path) -> None:
    env = os.environ | {"FAIRGROUND_HOME": "home"}
    for words in (["backup", "mine.tar"], ["restore", "--yes", "mine.tar"]):
        done = subprocess.run(
            [CHECKOUT / "fairground", *words], cwd=home.parent, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (home.parent / "mine.tar").exists()
    assert f"lies in {home}/replaced-" in done.stdout
    assert not (CHECKOUT / "mine.tar").exists()


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("postgres://u:p@//var/run/postgresql/fair", "/var/run/postgresql", "fair"),  # as cli/compose.py writes it
        ("postgres:////var/run/postgresql/fair", "/var/run/postgresql", "fair"),
        ("postgres://u:p@db.example/f%20r", "db.example", "f r"),
    ],
)
def test_a_servers_place_is_read_as_the_portal_reads_it(
    monkeypatch: pytest.MonkeyPatch, url: str, host: str, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    told = portal_files.postgres_settings()
    assert (told["PGHOST"], told["PGDATABASE"]) == (host, name)
    read = environ.Env().db_url("DATABASE_URL")
    assert (read["HOST"], read["NAME"]) == (host, name)
