"""The virtual environment: what was broken off is neither kept as it is nor taken for whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli import venv
from cli.talk import HaltError

PIP = ("pip/__init__.py", "pip-1.dist-info/METADATA", "pip-1.dist-info/RECORD")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been run, in a checkout of its own."""
    words: list[str] = []
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(venv, "CHECKOUT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(venv, "STAMP", tmp_path / ".venv" / ".locked")
    monkeypatch.setattr(venv, "_run", lambda *given: words.append(" ".join(map(str, given))))
    (tmp_path / venv.DEVELOP).write_text("pytest==8")
    return words


def made(*files: str) -> None:
    """One as it stands while it is made: Python is there first, pip seconds later, and its list of files last."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv.VENV)], check=True)
    (packages,) = venv.VENV.glob("lib/python*/site-packages")
    for name in files:
        (packages / name).parent.mkdir(exist_ok=True)
        (packages / name).write_text("" if name.endswith(".py") else "pip/__init__.py,,\n")


@pytest.mark.parametrize("files", [(), PIP[:1], PIP[:2]], ids=["before pip", "in the middle of pip", "before its list"])
def test_one_whose_making_was_broken_off_is_made_anew(asked: list[str], files: tuple[str, ...]) -> None:
    made(*files)
    venv.make()
    assert asked == [f"{sys.executable} -m venv --clear {venv.VENV}"]


def test_one_that_is_whole_is_left_as_it_is(asked: list[str]) -> None:
    made(*PIP)
    venv.make()
    assert asked == []


def test_one_that_was_half_changed_is_not_taken_for_the_one_before(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made(*PIP)
    lock = tmp_path / venv.RUN
    lock.write_text("django==5.1")
    venv.fill(venv.RUN)
    assert venv.is_filled(venv.RUN)
    lock.write_text("django==5.2")
    monkeypatch.setattr(venv, "_run", falls)
    with pytest.raises(HaltError):
        venv.fill(venv.RUN)
    lock.write_text("django==5.1")
    assert not venv.is_filled(venv.RUN)


def falls(*_: object) -> None:
    raise HaltError("pip was killed half way")
