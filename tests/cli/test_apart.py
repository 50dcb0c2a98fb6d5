"""The installation apart, of the demo and of benches: nothing of it is left."""

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import apart, container_engine, env_file, machines


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What is done, in order; nothing of it is real."""
    done: list[str] = []
    for name in ("FAIRGROUND_HOME", "FAIRGROUND_RUN", "DOCKER_HOST"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(
        apart, "packages", SimpleNamespace(FOR_UP=(), **dict.fromkeys(("missing", "require", "install"), list))
    )
    monkeypatch.setattr(container_engine, "ensure", lambda _: SimpleNamespace(docker_host="unix:///nowhere"))
    monkeypatch.setattr(apart, "ensure_image", lambda *_: "")
    monkeypatch.setattr(env_file, "read", dict)
    monkeypatch.setattr(apart, "fairground", lambda *words: done.append(words[0]))
    monkeypatch.setattr(machines, "remove", lambda _: done.append("remove its machines"))
    return done


def test_its_portal_ends_before_its_machines_are_taken_away_or_it_would_make_them_anew(did: list[str]) -> None:
    with apart.apart("bench", {}):
        did.clear()
    assert did == ["down", "remove its machines"]


def test_where_the_work_fails_its_machines_stay_for_a_look(did: list[str]) -> None:
    with suppress(ZeroDivisionError), apart.apart("bench", {}):
        did.clear()
        raise ZeroDivisionError
    assert did == ["down"]
