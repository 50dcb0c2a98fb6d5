"""What the doctor finds, each alone, and all of it where there is nothing yet."""

import contextlib
import io
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import doctor, env_file, packages
from cli.__main__ import main
from cli.doctor import FINE, LOOK, WRONG
from cli.manage import facts
from tests.engine import ensure_engine
from tests.front_door.doors import free_port

pytestmark = pytest.mark.thorough

NAMES = ["engine", "disk", "memory", "ports", "names", "mail", "clock", "backups", "copies", "versions", "room"]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRGROUND_RUN", str(tmp_path / "run"))
    monkeypatch.delenv("BACKUPS", raising=False)


def test_where_nothing_was_ever_started_there_are_eleven_lines_and_nothing_is_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["fairground", "doctor"])
    assert main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert "./fairground up" in lines[-1]
    assert not (tmp_path / "home").exists()


def test_a_line_is_fine_or_names_the_command_that_mends_it() -> None:
    assert doctor.disk(10**10).state == doctor.memory(10**10).state == FINE
    short = doctor.disk(10**9)
    assert (short.state, short.told[:6]) == (WRONG, "1.0 GB")
    assert short.command
    assert doctor.memory(10**8).state == WRONG


def test_a_port_that_somebody_else_took_is_wrong() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        found = doctor.listening({"WEB_LISTEN": listen})
    assert (found.state, listen in found.told) == (WRONG, True)


def test_a_domain_that_leads_nowhere_is_wrong_and_localhost_never_is() -> None:
    assert doctor.names("nowhere.invalid").state == WRONG
    assert doctor.names("apps.localhost").state == FINE


def test_a_mail_server_is_asked_and_none_is_fine() -> None:
    assert doctor.mail("", {}).state == FINE
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert doctor.mail(f"smtp://127.0.0.1:{port}", {}).state == FINE
    assert doctor.mail(f"smtp://127.0.0.1:{port}", {}).state == WRONG


def test_a_clock_behind_our_own_data_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    env_file.write({"A": "b"})
    assert doctor.clock(0).state == WRONG


def test_old_backups_and_none_are_worth_a_look(tmp_path: Path) -> None:
    assert doctor.backups(0).state == LOOK
    (tmp_path / "home" / "backups").mkdir(parents=True)
    (tmp_path / "home" / "backups" / "one.tar").touch()
    made = (tmp_path / "home" / "backups" / "one.tar").stat().st_mtime
    assert doctor.backups(made + 3600).state == FINE
    assert doctor.backups(made + 7 * 86400).told == "the last is 7 days old"


def test_the_place_of_copies_is_named_and_its_trouble_told() -> None:
    assert doctor.copies("", {}).told.startswith("in /")
    told = doctor.copies("school", {"copies": {"kept": 3, "size": 2_500_000_000}})
    assert (told.state, told.told) == (FINE, "in the bucket school; 3 kept, 2.5 GB")


def test_changes_that_wait_and_a_full_house_are_wrong() -> None:
    assert doctor.versions({"migrations": 2}).state == WRONG
    assert doctor.room({"room": 0}).state == WRONG
    assert doctor.room({"room": 3}).told == "for about 3 more machines by the places' limits"


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing is broken that can be told without an engine or a database."""
    (tmp_path / "home" / "backups").mkdir(parents=True)
    (tmp_path / "home" / "backups" / "one.tar").touch()
    for name in ("APPS_DOMAIN", "EMAIL_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    env_file.write({"WEB_LISTEN": f"127.0.0.1:{free_port()}"})
    monkeypatch.setattr(doctor, "facts", dict)  # asking the database takes seconds, and only one line is about it
    return tmp_path / "home"


def no_engine(_home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("DOCKER_HOST", "unix:///nowhere/engine.sock")


def little_disk(_home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "LEAST_DISK", 10**18)


def little_memory(_home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "LEAST_MEMORY", 10**18)


def taken_port(_home: Path, patch: pytest.MonkeyPatch) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    patch.setattr(doctor, "_taken", taken, raising=False)  # as long as the test lives
    env_file.write({"WEB_LISTEN": f"127.0.0.1:{taken.getsockname()[1]}"})


def no_name(_home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("APPS_DOMAIN", "nowhere.invalid")


def no_mail_server(_home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{free_port()}")


def clock_behind(home: Path, _patch: pytest.MonkeyPatch) -> None:
    tomorrow = time.time() + 86400
    os.utime(home / "fairground.env", (tomorrow, tomorrow))


def old_backup(home: Path, _patch: pytest.MonkeyPatch) -> None:
    os.utime(home / "backups" / "one.tar", (0, 0))


def no_bucket(_home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "facts", lambda: {"copies": {"why": "the bucket does not exist"}})


def no_programs(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(packages, "PATH", str(home))


def damaged_database(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "facts", facts)
    (home / "fairground.sqlite3").write_text("no database at all, but a text that is long enough to be read as one" * 9)


BROKEN = {
    no_engine: ("engine", WRONG, "./fairground up (as root), or start Docker or Podman"),
    little_disk: ("disk", WRONG, "and make room"),
    little_memory: ("memory", WRONG, "end services, or add memory"),
    taken_port: ("ports", WRONG, "end it (ss -ltnp shows it)"),
    no_name: ("names", WRONG, "add a DNS record for *.nowhere.invalid"),
    no_mail_server: ("mail", WRONG, "mend EMAIL_URL in fairground.env"),
    clock_behind: ("clock", WRONG, "timedatectl set-ntp true"),
    old_backup: ("backups", LOOK, "./fairground backup"),
    no_bucket: ("copies", WRONG, "mend the lines COPIES_… in fairground.env, then down and up"),
    no_programs: ("versions", WRONG, "apt install git caddy"),
    damaged_database: ("room", WRONG, "./fairground restore --yes {home}/backups/one.tar"),
}


def line_of(name: str) -> str:
    """As `./fairground doctor` prints it now."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        doctor.doctor()
    return next(line for line in told.getvalue().splitlines() if line.startswith(f"{name} "))


@pytest.mark.parametrize(
    "broken",
    [pytest.param(broken, marks=pytest.mark.engine if broken is no_engine else ()) for broken in BROKEN],
    ids=lambda broken: broken.__name__,
)
def test_each_line_turns_to_the_command_that_mends_it_when_its_thing_is_broken(
    sound: Path, monkeypatch: pytest.MonkeyPatch, broken: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    name, state, command = BROKEN[broken]
    if broken is no_engine:
        monkeypatch.setenv("DOCKER_HOST", ensure_engine().docker_host)
    before = line_of(name)
    broken(sound, monkeypatch)
    after = line_of(name)
    assert f" {state} " in after
    assert after.endswith(command.format(home=sound))
    assert before != after


def test_every_line_is_broken_once_here() -> None:
    assert [name for name, _, _ in BROKEN.values()] == NAMES
