"""Upgrades by a real git, from an origin of their own; and the unit for systemd."""

import subprocess
from pathlib import Path

import pytest

from cli import programs, service, upgrade
from cli.home import CHECKOUT
from cli.talk import HaltError


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, word: str) -> str:
    (folder / "code").write_text(word)
    git(folder, "add", "code")
    git(folder, "commit", "-q", "-m", word)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "RUN"):
        monkeypatch.setenv(f"FAIRGROUND_{name}", str(tmp_path / name))
    (tmp_path / "origin").mkdir()
    git(tmp_path / "origin", "init", "-q")
    commit(tmp_path / "origin", "old")
    git(tmp_path, "clone", "-q", str(tmp_path / "origin"), "here")
    monkeypatch.setattr(upgrade, "CHECKOUT", tmp_path / "here")
    return tmp_path / "origin"


def test_an_upgrade_takes_what_the_branch_follows(origin: Path) -> None:
    new = commit(origin, "new")
    assert upgrade.upgrade("") == 0
    assert git(origin.parent / "here", "rev-parse", "HEAD") == new


def test_an_upgrade_to_a_given_ref_goes_no_further(origin: Path) -> None:
    first = commit(origin, "first")
    git(origin, "tag", "v1")
    commit(origin, "second")
    upgrade.upgrade("v1")
    assert git(origin.parent / "here", "rev-parse", "HEAD") == first


def test_what_was_changed_here_is_never_overwritten(origin: Path) -> None:
    commit(origin, "new")
    (origin.parent / "here" / "code").write_text("mine")
    with pytest.raises(HaltError, match="nothing was upgraded"):
        upgrade.upgrade("")
    assert (origin.parent / "here" / "code").read_text() == "mine"


def test_an_upgrade_that_does_not_start_tells_the_way_back(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = git(origin, "rev-parse", "HEAD")
    (origin / "fairground").write_text("#!/bin/sh\nexit 1\n")
    (origin / "fairground").chmod(0o755)
    git(origin, "add", "fairground")
    commit(origin, "broken")
    monkeypatch.setattr(programs, "pid", lambda name: 1)
    monkeypatch.setattr(programs, "stop", lambda name, patience: True)
    with pytest.raises(HaltError, match=f"reset --keep {before}"):
        upgrade.upgrade("")


def test_the_unit_is_shown_without_a_change_and_lets_services_outlive_the_portal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert service.service(only_print=True) == 0
    told = capsys.readouterr().out
    assert f'ExecStart="{CHECKOUT}/fairground" up --yes' in told
    assert "KillMode=process" in told


def test_where_there_is_no_systemd_it_says_what_to_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(service, "SYSTEMD", tmp_path / "none")
    with pytest.raises(HaltError, match="fairground up --yes"):
        service.service(only_print=False)
