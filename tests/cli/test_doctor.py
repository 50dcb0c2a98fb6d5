"""What the doctor finds, each alone, and all of it where there is nothing yet."""

import socket
from pathlib import Path

import pytest

from cli import doctor, env_file
from cli.__main__ import main
from cli.doctor import FINE, LOOK, WRONG

NAMES = ["engine", "disk", "memory", "ports", "names", "mail", "clock", "backups", "versions", "room"]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRGROUND_RUN", str(tmp_path / "run"))
    monkeypatch.delenv("BACKUPS", raising=False)


def test_where_nothing_was_ever_started_there_are_ten_lines_and_nothing_is_made(
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


def test_changes_that_wait_and_a_full_house_are_wrong() -> None:
    assert doctor.versions({"migrations": 2}).state == WRONG
    assert doctor.room({"room": 0}).state == WRONG
    assert doctor.room({"room": 3}).told == "for about 3 more machines by the places' limits"
