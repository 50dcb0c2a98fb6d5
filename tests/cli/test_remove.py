"""`./fairground remove`: what it takes away, what it never takes away, and that a kill at any line does no harm."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cli import brought, container_engine, env_file, remove, venv
from cli.container_engine.api import EngineError
from cli.container_engine.apt import apt_brought, apt_install, apt_remove
from cli.home import CHECKOUT
from cli.talk import HaltError
from tests.engine import ensure_engine

AWAY = {"DOCKER_HOST", "DATABASE_URL", "BROKER_URL", "EMAIL_URL", "MACHINE_IMAGE", "STATIC_HASHED"}
"""What a checkout with an engine of its own must not inherit."""
ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("dockerd") or sys.platform != "linux",
    reason="only root with dockerd can run an engine of its own",
)


def copy_checkout(to: Path) -> None:
    """A clone with what is not committed yet, and a virtual environment that borrows ours."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (CHECKOUT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, to / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", to / ".venv"], check=True)
    (packages,) = (to / ".venv").glob("lib/python3*/site-packages")
    (ours,) = venv.VENV.glob("lib/python3*/site-packages")
    (packages / "borrowed.pth").write_text(f"{ours}\n")
    shutil.copy(venv.STAMP, to / ".venv" / ".locked")


@pytest.fixture(scope="module")
def life() -> Iterator[dict[str, Any]]:
    """What a checkout's whole life looked like."""
    place = ensure_engine()
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as name:
        folder = Path(name)
        folder.chmod(0o711)
        copy_checkout(folder / "checkout")
        place.save_image(folder / "image.tar")
        spaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        words = [sys.executable, "-m", "tests.cli.one_whole_life", f"{folder}/image.tar", f"{folder}/told.json"]
        env = {name: text for name, text in os.environ.items() if name not in AWAY}
        env |= {"FAIRGROUND_HOME": f"{folder}/w/home", "FAIRGROUND_RUN": f"{folder}/w/run"}
        done = subprocess.run(
            [*spaces, *words], env=env, cwd=folder / "checkout", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield json.loads((folder / "told.json").read_text())


@ROOT
@pytest.mark.engine
@pytest.mark.caddy
@pytest.mark.thorough
class TestOneWholeLife:
    """All from one run: a first start, a service that answers, a removal."""

    @pytest.mark.parametrize(
        "what", ["packages", "programs", "networks", "rules", "kernel", "mounts", "users", "files"]
    )
    def test_afterwards_everything_is_as_before(self, life: dict[str, Any], what: str) -> None:
        copies = [name for name in life["after"]["files"] if "home-copies" in name]
        assert set(life["after"][what]) ^ set(life["before"][what]) == set(copies if what == "files" else [])

    @pytest.mark.parametrize("what", ["programs", "networks", "rules", "mounts", "files"])
    def test_there_was_something_to_take_away(self, life: dict[str, Any], what: str) -> None:
        assert life["during"][what] != life["before"][what]

    def test_no_cgroup_of_a_machine_is_left(self, life: dict[str, Any]) -> None:
        assert life["cgroups"]
        assert life["cgroups_left"] == []

    def test_kept_copies_stay_with_a_list_of_whose_they_are(self, life: dict[str, Any]) -> None:
        kept = [Path(name).name for name in life["after"]["files"] if "home-copies/" in name]
        assert len(kept) == 2
        assert remove.LIST in kept
        assert "1 kept copies lie in" in life["told"][1][1]

    def test_running_services_are_told_first_and_nothing_goes_unasked(self, life: dict[str, Any]) -> None:
        code, told = life["told"][0]
        assert code == 1
        assert "END 1 service, " in told
        assert "Nothing was changed" in told

    def test_a_second_time_there_is_nothing_to_do(self, life: dict[str, Any]) -> None:
        assert life["told"][1][0] == 0
        assert life["told"][2][0] == 0
        assert "There is nothing of Fairground here." in life["told"][2][1]


def make_deb(folder: Path, name: str, needs: str = "") -> str:
    """A Debian package with nothing in it; return its file."""
    control = folder / name / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    words = {"Package": name, "Version": "1.0", "Architecture": "all", "Maintainer": "A <a@example.org>"}
    words |= {"Description": "nothing", **({"Depends": needs} if needs else {})}
    control.write_text("".join(f"{key}: {text}\n" for key, text in words.items()))
    (folder / name).chmod(0o755)
    control.parent.chmod(0o755)
    subprocess.run(["dpkg-deb", "--build", folder / name, f"{folder}/{name}.deb"], check=True, capture_output=True)
    return f"{folder}/{name}.deb"


def installed() -> str:
    return subprocess.run(["dpkg-query", "--show"], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def debs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Three packages: a tool, what it needs, and something of somebody else that needs the tool."""
    names = ["fairground-test-part", "fairground-test-tool", "fairground-test-theirs"]
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fg") as folder:
        Path(folder).chmod(0o755)  # apt reads as a user of its own
        monkeypatch.setenv("FAIRGROUND_HOME", f"{folder}/home")
        needs = ["", *names[:2]]
        yield [make_deb(Path(folder), name, need) for name, need in zip(names, needs, strict=True)]
        subprocess.run(["dpkg", "--purge", *reversed(names)], capture_output=True, check=False)


@pytest.mark.engine  # not beside the other one here that looks at the packages of this computer
@pytest.mark.thorough
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("apt-get"), reason="only root on Debian installs packages")
class TestPackages:
    """With real ones, which hold nothing."""

    def test_what_came_with_us_goes_and_what_was_here_before_stays(self, debs: list[str]) -> None:
        before = installed()
        apt_install((*debs[:2], "dpkg"))
        assert apt_brought() == ["fairground-test-part", "fairground-test-tool"]
        apt_remove(apt_brought())
        assert installed() == before
        assert apt_brought() == []

    def test_what_somebody_else_needs_since_stays_with_all_it_needs(self, debs: list[str]) -> None:
        apt_install(tuple(debs[:2]))
        subprocess.run(["dpkg", "--install", debs[2]], check=True, capture_output=True)
        assert apt_brought() == []
        with pytest.raises(EngineError, match="fairground-test-theirs"):
            apt_remove(["fairground-test-part"])
        assert "fairground-test-part" in installed()

    def test_a_package_is_written_down_before_it_comes(self, debs: list[str]) -> None:
        with pytest.raises(EngineError, match="no-such-package"):
            apt_install((debs[0], "no-such-package"))
        apt_install((debs[0],))
        assert brought.read(brought.PACKAGES) == ["fairground-test-part"]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home full of data, without engine and database; what is told of copies is told by their files."""
    monkeypatch.setenv("FAIRGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRGROUND_RUN", str(tmp_path / "run"))
    for name in ("DATABASE_URL", "MIRRORS", "ARCHIVES", "BACKUPS", "COPIES_BUCKET", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(container_engine, "find", lambda: None)
    monkeypatch.setattr(container_engine, "remove", lambda: "")  # it would be the rules of this checkout
    monkeypatch.setattr(venv, "PYTHON", tmp_path / "none")
    fill(tmp_path)
    return tmp_path


def fill(place: Path) -> None:
    (place / "home").mkdir(exist_ok=True)
    env_file.write({"SECRET_KEY": "x"})
    for name in ("archives/one.tar.gz", "backups/one.tar", "logs/web.log", "demo/fairground.env", "brought.json"):
        (place / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "home" / name).write_text("{}" if name.endswith("json") else "kept")


def test_copies_are_kept_and_everything_else_goes(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert remove.remove(yes=True, keep_copies=False, delete_copies=False) == 0
    assert sorted(str(path.relative_to(house)) for path in house.rglob("*")) == [
        "home-copies",
        "home-copies/LIST.json",
        "home-copies/one.tar.gz",
    ]
    assert f"Keep 1 copy of services in {house}/home-copies" in capsys.readouterr().out


def test_copies_go_only_where_that_was_said(house: Path) -> None:
    assert remove.remove(yes=True, keep_copies=False, delete_copies=True) == 0
    assert list(house.rglob("*")) == []


@pytest.mark.parametrize("delete", [True, False])
def test_copies_in_a_bucket_stay_there_and_nobody_is_told_otherwise(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], delete: bool
) -> None:
    env_file.write({"COPIES_BUCKET": "fair", "COPIES_FOLDER": "ours/"})
    (house / "home" / "archives" / "one.tar.gz").unlink()
    monkeypatch.setattr(remove, "_belongings", lambda: {"name": "x", "services": [], "copies": [{"file": "of-a-show"}]})
    assert remove.remove(yes=True, keep_copies=False, delete_copies=delete) == 0
    told = capsys.readouterr().out
    assert "Leave kept copies of services in the bucket fair. Its own tools can delete them: objects ours/…, as" in told
    assert "Kept copies stay in the bucket fair" in told
    assert "DELETE" not in told
    assert "of-a-show" in (house / "home-copies" / "LIST.json").read_text()


@pytest.mark.parametrize(("typed", "are_left"), [("Fairground", False), ("yes", True), ("", True)])
def test_who_is_asked_deletes_copies_by_the_portals_name_alone(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, are_left: bool
) -> None:
    answers = iter([typed, "y"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert remove.remove(yes=False, keep_copies=False, delete_copies=False) == 0
    assert (house / "home-copies" / "one.tar.gz").exists() == are_left
    assert "Kept copies of services: 1" in capsys.readouterr().out


def test_nobody_who_could_agree_is_no_yes(house: Path) -> None:
    with pytest.raises(HaltError, match="Nothing was changed"):
        remove.remove(yes=False, keep_copies=False, delete_copies=True)
    assert (house / "home" / "archives" / "one.tar.gz").exists()


def test_where_our_machines_live_on_an_engine_that_is_away_nothing_is_begun(house: Path) -> None:
    env_file.write({"DOCKER_HOST": "unix:///away"})
    with pytest.raises(HaltError, match="Start it first"):
        remove.remove(yes=True, keep_copies=False, delete_copies=True)
    assert (house / "home" / "backups" / "one.tar").exists()


def killed_at(line: int) -> bool:
    """Remove in a program of its own that is killed at this line of it; return whether it came so far."""
    if (child := os.fork()) == 0:
        left = [line]

        def look(frame: FrameType, event: str, _arg: object) -> Any:
            if frame.f_code.co_filename == remove.__file__ and event == "line":
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
            return look if frame.f_code.co_filename == remove.__file__ else None

        sys.settrace(look)
        remove.remove(yes=True, keep_copies=False, delete_copies=False)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


STRIDE = 1 if os.environ.get("KILL_EVERY") == "line" else 3
"""Half a minute for each line would be one of a core; what is done outside takes more lines than these."""


@pytest.mark.thorough
def test_killed_at_every_line_and_begun_again_it_comes_to_the_same_end(house: Path) -> None:
    line = 1
    while killed_at(line):
        remove.remove(yes=True, keep_copies=False, delete_copies=False)
        left = sorted(path.name for path in house.rglob("*"))
        assert left == ["LIST.json", "home-copies", "one.tar.gz"], f"killed at line {line}"
        shutil.rmtree(house / "home-copies")
        fill(house)
        line += STRIDE
    assert line > 50
