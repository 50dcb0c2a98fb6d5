"""Which container engine is meant where more than one answers: services stay on the one where they are."""

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cli import container_engine, doctor, down, env_file, status, up
from cli.container_engine import EngineError
from cli.talk import HaltError


class Speaker(socketserver.ThreadingUnixStreamServer):
    """Speaks as much of Docker as `find` and `down` want to hear, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, path: Path, machines: list[dict[str, str]]) -> None:
        super().__init__(str(path), Answer)
        self.host, self.machines, self.asked = f"unix://{path}", machines, list[str]()
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Speaker)
        self.server.asked.append(f"{self.command} {self.path}")
        body = json.dumps(self.server.machines if "/containers/json" in self.path else []).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Speaker, Speaker]]:
    """One that answers at a usual place, and one at which services run since before."""
    for name in ("home", "run"):
        monkeypatch.setenv(f"FAIRGROUND_{name.upper()}", str(tmp_path / name))
        (tmp_path / name).mkdir()
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "podman").mkdir()
    usual = Speaker(tmp_path / "podman" / "podman.sock", [])
    theirs = Speaker(tmp_path / "theirs.sock", [{"Id": "m1", "State": "running"}])
    env_file.write({"DOCKER_HOST": theirs.host, "PORTAL_ID": "p"})
    yield usual, theirs
    for one in (usual, theirs):
        one.shutdown()
        one.server_close()


def test_where_services_run_on_an_engine_it_stays_that_one(engines: tuple[Speaker, Speaker]) -> None:
    for found in (up.known_engine(), container_engine.find()):
        assert found
        assert found.docker_host == engines[1].host


def test_down_stops_machines_where_they_are_whatever_is_named_today(
    engines: tuple[Speaker, Speaker], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engines[0].host)
    assert down.down() == 0
    assert any(line.startswith("POST /containers/m1/stop") for line in engines[1].asked)
    assert "Stopped 1 machine" in capsys.readouterr().out


def test_down_does_not_say_that_nothing_runs_where_nobody_can_know(engines: tuple[Speaker, Speaker]) -> None:
    env_file.write({"DOCKER_HOST": "unix:///away"})
    with pytest.raises(HaltError, match="unix:///away does not answer: services that run on it were not stopped"):
        down.down()
    assert doctor.engine().told == "unix:///away, where services run, does not answer"


def test_another_engine_that_is_named_for_up_is_refused_before_anything_is_made(
    engines: tuple[Speaker, Speaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engines[0].host)
    with pytest.raises(HaltError, match="unset DOCKER_HOST"):
        up.plan()


def test_a_demo_or_a_test_run_may_be_told_another_engine(
    engines: tuple[Speaker, Speaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engines[0].host)
    assert (found := container_engine.find())
    assert found.docker_host == engines[0].host


@pytest.mark.parametrize("address", ["ssh://me@box", "/var/run/docker.sock", "tcp://box:many"])
def test_an_address_that_nobody_understands_is_named_and_no_other_engine_is_set_up(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", address)
    assert address in doctor.engine().told
    for deed in (container_engine.plan, container_engine.ensure):
        with pytest.raises(EngineError, match=address):
            deed()
    status.status()
    assert f"engine       DOCKER_HOST is '{address}'" in capsys.readouterr().out
