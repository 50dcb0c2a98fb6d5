"""The parts of the command line, each alone."""

import io
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import environ
import pytest

from cli import claims, env_file, machines, ours, packages, ports, programs, talk, up
from cli.__main__ import _parser
from cli.children import Child
from cli.container_engine import Engine
from cli.home import CHECKOUT, settings_file
from tests.front_door.doors import free_port
from tests.waiting import until

pytestmark = pytest.mark.thorough

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path))
    monkeypatch.setenv("FAIRGROUND_RUN", str(tmp_path / "run"))
    yield
    claims.let_go()  # others on this computer choose ports too


def test_settings_are_written_for_our_eyes_only_and_what_is_there_is_kept() -> None:
    env_file.write({"SITE_URL": "http://localhost:8000", "MINE": "a=b"})
    assert env_file.write({"SITE_URL": "http://localhost:8001"}) == {"SITE_URL": "http://localhost:8001", "MINE": "a=b"}
    assert stat.S_IMODE(settings_file().stat().st_mode) == 0o600


@pytest.mark.parametrize("left", ["", "[", "{}", '["m1"]'])
def test_what_a_full_disk_left_of_the_list_of_stopped_machines_breaks_no_start(left: str) -> None:
    machines._stopped_file().write_text(left)
    assert machines._stopped() == (["m1"] if "m1" in left else [])


def test_the_list_of_stopped_machines_is_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = cast("Engine", SimpleNamespace(api=SimpleNamespace(
        containers=lambda label: [{"Id": "m2", "State": "running"}], ask=lambda *_: pytest.fail("it was stopped")
    )))  # fmt: skip
    machines._stopped_file().write_text('["m1"]')
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(talk.HaltError, match=r"No space left on device\. They run on"):
        machines.stop(engine)
    assert machines._stopped() == ["m1"]


def full(_: int) -> None:
    raise OSError("No space left on device")


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "with spaces",
        '"/kept copies"',
        "'/kept copies'",
        '"a \\"b\\" \\\\ c\\n"',
        "'\"both\"'",
        '"',
        "a#b #c",
        " open ",
        "a=b",
    ],
)
@pytest.mark.parametrize("export", ["", "export "])
def test_the_command_line_reads_a_setting_as_the_portal_does(
    monkeypatch: pytest.MonkeyPatch, export: str, value: str
) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(f"# mine\n{export}ODD_ONE={value}\n")
    monkeypatch.setattr(environ.Env, "ENVIRON", {})
    environ.Env.read_env(settings_file())
    assert env_file.read() == environ.Env.ENVIRON
    meant = env_file.write({"OTHER": "1"})
    assert env_file.read() == meant == {**environ.Env.ENVIRON, "OTHER": "1"}
    assert "# mine" in settings_file().read_text()


def test_keys_are_made_once() -> None:
    made = env_file.keys()
    env_file.write(made)
    assert sorted(made) == ["FIELD_KEYS", "PORTAL_ID", "SECRET_KEY"]
    assert env_file.keys() == {}


def test_a_setting_with_two_lines_is_refused() -> None:
    with pytest.raises(talk.HaltError):
        env_file.write({"SECRET_KEY": "a\nDEBUG=1"})


def test_a_taken_port_is_left_to_its_owner_unless_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(talk.HaltError, match=f"Port {port} .* is taken"):
            ports.choose(port, None, apps_in_use=False)
    chosen = ports.choose(port, port + 1, apps_in_use=False)
    assert (chosen["WEB_LISTEN"], chosen["SITE_URL"]) == (f"127.0.0.1:{port}", f"http://localhost:{port}")


def test_ports_that_addresses_hold_are_not_moved_silently() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        env_file.write(
            {"WEB_LISTEN": f"127.0.0.1:{free_port()}", "FRONT_DOOR_LISTEN": listen, "SITE_URL": "http://localhost:1"}
        )
        assert ports.choose(None, None, apps_in_use=True) == {}
        with pytest.raises(talk.HaltError, match="addresses given out so far then stop working"):
            ports.choose(None, None, apps_in_use=False)


@pytest.mark.parametrize("port", ["99999", "0", "-1", "http"])
def test_a_port_that_is_none_is_refused_before_anything_is_done(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["up", f"--port={port}"])
    assert f"a port is a number from 1 to 65535, not {port}" in capsys.readouterr().err


def test_the_port_of_our_own_front_door_may_be_asked_for_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        kept = {
            "FRONT_DOOR_LISTEN": f"127.0.0.1:{port}",
            "APPS_PORT": str(port),
            "WEB_LISTEN": f"127.0.0.1:{free_port()}",
        }
        env_file.write(kept | {"SITE_URL": "http://localhost:1"})
        assert ports.choose(None, port, apps_in_use=True) == {}
        with pytest.raises(talk.HaltError, match="is taken by another program"):
            ports.choose(None, port, apps_in_use=False)


def test_a_program_is_known_by_pid_and_start_time_and_ended_by_them() -> None:
    child = programs.start("sleeper", SLEEPER)
    assert programs.pid("sleeper") == child.pid
    assert programs.stop("sleeper") is True
    assert (programs.stop("sleeper"), programs.pid("sleeper")) == (False, None)


def test_a_recycled_pid_is_never_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "sleeper.pid").write_text(f"{os.getpid()} 12345")
    assert programs.pid("sleeper") is None
    assert programs.stop("sleeper") is False


def test_a_child_that_falls_is_started_again_later_and_later(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("fallen", [sys.executable, "-c", "import sys; sys.exit(3)"])
    child.start()

    def falls() -> int:
        child.look()
        return child.falls

    until("two falls", lambda: falls() >= 2)
    assert child.again_at > child.began + 2
    assert "fallen ended with code 3; started again in 2 s" in capsys.readouterr().out


def test_nobody_is_asked_when_nothing_changes_and_nothing_changes_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    talk.agree([], yes=False)
    talk.agree(["Install something."], yes=True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(talk.HaltError, match="Nothing was changed"):
        talk.agree(["Install something."], yes=False)


def test_where_standard_input_is_closed_nobody_is_there_to_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(talk.HaltError, match="Nobody is there to agree"):
        talk.agree(["Install something."], yes=False)


def test_who_ends_it_before_the_first_page_is_told_of_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)}
    monkeypatch.setattr(ours, "children", lambda _: [])
    monkeypatch.setattr(up, "_answers", lambda _: os.kill(os.getpid(), signal.SIGINT))
    try:
        up._run({"WEB_LISTEN": "127.0.0.1:1"})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    told = capsys.readouterr().out
    assert "Stopping web and workers" in told
    assert "Fairground is at" not in told


def test_what_is_missing_and_cannot_be_brought_is_told_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "may_install", lambda: False)
    need = packages.Need("a thing", ("no-such-program",), ("thing-package",))
    with pytest.raises(talk.HaltError, match=r"a thing.*apt install thing-package"):
        packages.require(packages.missing((need,)))
    with pytest.raises(talk.HaltError, match=r"a thing, python-venv.*apt install thing-package python-venv$"):
        packages.require(packages.missing((need,)), "python-venv")
    packages.require([])


def say(*words: str) -> str:
    done = subprocess.run([CHECKOUT / "fairground", *words], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout


def test_the_first_page_names_every_command_and_every_measure() -> None:
    page = (CHECKOUT / "README.md").read_text()
    commands = re.findall(r"^    ([a-z-]+) ", say("--help"), re.MULTILINE)
    assert "up" in commands
    assert [one for one in commands if not re.search(rf"`(./fairground )?{one}\b", page)] == []
    (measures,) = re.findall(r"\{([a-z,]+)\}", say("bench", "--help").partition("\n\n")[0])
    assert f"bench {measures.replace(',', chr(92) + '|')} " in page


def test_without_a_python_the_door_says_which_one_it_needs(tmp_path: Path) -> None:
    for name in ("dirname", "readlink", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    told = subprocess.run(
        [CHECKOUT / "fairground"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "needs Python 3.11 or newer" in told.stderr


def test_a_narrow_umask_of_whoever_calls_does_not_reach_the_folders_of_an_engine() -> None:
    start = "import atexit, os, runpy; atexit.register(lambda: print(oct(os.umask(0))));"
    told = subprocess.run(
        [sys.executable, "-c", f"{start} runpy.run_module('cli', run_name='__main__')", "service", "--print"],
        cwd=CHECKOUT, umask=0o077, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.splitlines()[-1] == "0o22"


def test_no_lock_file_holds_an_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (CHECKOUT / name).read_text()
        assert "://" not in text
        assert all("--hash=sha256:" in part for part in text.split("\n") if part.startswith("    "))
