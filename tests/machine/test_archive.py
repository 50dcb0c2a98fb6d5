"""The copy: whole, described, between the app's own lock and unlock; or a reason and no file."""

import hashlib
import json
import os
import socket
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from machine.onboard import archive
from tests.machine.onboard import Json, Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


class Kept:
    """A machine with something to keep."""

    def __init__(self, board: Onboard) -> None:
        self.board = board
        self.data = board.root / "var/lib/app"
        self.data.mkdir(parents=True)
        self.out = board.root / "var/lib/fairground/archives/copy-1"
        self.told = board.root / "told"
        self.given: Json = {"out": str(self.out), "paths": [str(self.data)]}

    def hook(self, name: str, script: str = "") -> None:
        """Give the app a hook; each writes its name down."""
        path = self.board.root / "srv/fairground/service/hooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {name} >> {self.told}\n{script}\n")
        path.chmod(0o755)
        self.given[name] = f"hooks/{name}"

    def parameters(self, **more: Any) -> str:
        """Write the parameters; return where."""
        path = self.board.root / "given.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({**self.given, **more}))
        return str(path)

    def copy(self, **more: Any) -> subprocess.CompletedProcess[str]:
        """Make the copy."""
        return self.board.program("archive", self.parameters(**more))

    def made(self) -> Json:
        """What is said about the copy."""
        return dict(json.loads(Path(f"{self.out}.json").read_text()))

    def names(self) -> list[str]:
        """What is in it, as seen from the folder that is kept."""
        with tarfile.open(f"{self.out}.tar.gz") as tar:
            return sorted(os.path.relpath("/" + name, self.data) for name in tar.getnames())


@pytest.fixture
def kept(board: Onboard) -> Kept:
    """A machine with something to keep."""
    return Kept(board)


def test_the_copy_is_what_its_description_says(kept: Kept) -> None:
    (kept.data / "deep").mkdir()
    (kept.data / "deep/file").write_bytes(os.urandom(100_000))
    (kept.data / "link").symlink_to("deep/file")
    (kept.data / "größe\n$(id)").write_text("x")

    assert kept.copy().returncode == 0
    whole = Path(f"{kept.out}.tar.gz").read_bytes()
    made = kept.made()
    assert (made["sha256"], made["size"]) == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert (made["members"], made["missing"], made["changed"]) == (5, [], 0)
    assert kept.names() == [".", "deep", "deep/file", "größe\n$(id)", "link"]
    with tarfile.open(f"{kept.out}.tar.gz") as tar:
        member = tar.extractfile(str(kept.data / "deep/file").lstrip("/"))
        assert member
        assert member.read() == (kept.data / "deep/file").read_bytes()
    assert Path(f"{kept.out}.tar.gz").stat().st_mode & 0o777 == 0o600


def test_what_is_excluded_is_left_out(kept: Kept) -> None:
    for name in ("keep", "a.log", "cache/x", "deep/b.log", "deep/c"):
        (kept.data / name).parent.mkdir(exist_ok=True)
        (kept.data / name).touch()

    assert kept.copy(exclude=["*.log", f"{kept.data}/cache"]).returncode == 0
    assert kept.names() == [".", "deep", "deep/c", "keep"]


def test_a_path_that_is_a_link_is_kept_with_what_it_leads_to(kept: Kept) -> None:
    (kept.data / "file").touch()
    link = kept.data.with_name("link")
    link.symlink_to(kept.data)

    assert kept.copy(paths=[str(link)]).returncode == 0
    assert kept.names() == [".", "../link", "file"]


def test_sockets_and_pipes_are_nothing_to_keep(kept: Kept) -> None:
    os.mkfifo(kept.data / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(kept.data / "socket"))

    assert kept.copy().returncode == 0
    assert kept.names() == ["."]


def test_the_hooks_are_called_in_order_and_see_the_copy(kept: Kept) -> None:
    for name in ("before", "after"):
        kept.hook(name)
    kept.hook("verify", 'tar -tzf "$FAIRGROUND_ARCHIVE" > /dev/null')

    assert kept.copy(env_file=None).returncode == 0
    assert kept.told.read_text().split() == ["before", "after", "verify"]


@pytest.mark.parametrize("failing", ["before", "after", "verify"])
def test_a_hook_that_fails_leaves_no_copy_and_what_was_locked_is_unlocked(kept: Kept, failing: str) -> None:
    for name in ("before", "after", "verify"):
        kept.hook(name, "exit 3" if name == failing else "")

    done = kept.copy()

    assert done.returncode == 16
    assert f"hooks/{failing} ended with 3" in done.stdout
    assert "after" in kept.told.read_text()
    assert not list(kept.out.parent.iterdir())


def test_a_hook_that_does_not_end_is_ended(kept: Kept) -> None:
    kept.hook("before", "sleep 1000")
    kept.hook("after")

    assert kept.copy(hook_timeout=1).returncode == 16
    assert kept.told.read_text().split() == ["before", "after"]


def test_a_copy_that_is_ended_unlocks_and_leaves_nothing(kept: Kept) -> None:
    kept.hook("before", "sleep 1000")
    kept.hook("after")
    kept.board.start("archive-1", str(kept.board.code / "onboard"), "archive", kept.parameters())
    until("it is locked", kept.told.exists)

    kept.board.ask("job-end", name="archive-1")

    assert kept.told.read_text().split() == ["before", "after"]
    assert not list(kept.out.parent.iterdir())


def test_a_copy_that_is_there_is_not_made_again(kept: Kept) -> None:
    kept.hook("before")
    kept.copy()

    assert kept.copy().returncode == 0
    assert kept.told.read_text().split() == ["before"]


def test_one_missing_path_is_told_and_all_missing_are_a_failure(kept: Kept) -> None:
    gone = str(kept.data / "gone")

    assert kept.copy(paths=[gone]).returncode == 19
    assert kept.copy(paths=[str(kept.data), gone]).returncode == 0
    assert kept.made()["missing"] == [gone]


@pytest.mark.parametrize(
    "wrong", [{"paths": []}, {"paths": ["relative"]}, {"paths": ["/a/../b"]}, {"out": "x"}, {"before": "/x"}]
)
def test_wrong_parameters_are_refused(kept: Kept, wrong: Json) -> None:
    assert kept.copy(**wrong).returncode == 20


def test_a_file_that_shrinks_while_it_is_read_does_not_break_the_copy(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")
    with (tmp_path / "file").open("rb") as file:
        steady = archive.Steady(file, 100)
        assert steady.read(60) == b"short" + b"\0" * 55
        assert steady.read(60) == b"\0" * 40

    assert steady.whole is False


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_full_disk_is_told_as_that_and_leaves_nothing(kept: Kept) -> None:
    kept.out.parent.mkdir(parents=True)
    (kept.data / "big").write_bytes(os.urandom(3_000_000))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", kept.out.parent], check=True)
    try:
        assert kept.copy().returncode == 17
        assert not list(kept.out.parent.iterdir())
    finally:
        subprocess.run(["umount", kept.out.parent], check=True)


def test_a_second_copy_waits_until_the_first_has_unlocked(kept: Kept) -> None:
    kept.hook("before", "until test -e $(dirname $0)/go; do sleep 0.05; done")
    kept.hook("after")
    first, second = (kept.out.with_name(name) for name in ("copy-1", "copy-2"))
    with ThreadPoolExecutor() as both:
        one = both.submit(kept.copy)
        until("the first has begun", kept.told.exists)
        other = both.submit(kept.copy, out=str(second))
        (kept.board.root / "srv/fairground/service/hooks/go").touch()
        assert (one.result().returncode, other.result().returncode) == (0, 0)
    assert kept.told.read_text().split() == ["before", "after"] * 2
    assert not archive.described(first).exists()
    assert sorted(path.name for path in kept.out.parent.iterdir()) == ["copy-2.json", "copy-2.tar.gz"]


def test_what_was_fetched_needs_no_room_any_more(kept: Kept) -> None:
    assert kept.copy().returncode == 0
    for _ in range(2):
        assert kept.board.ask("copy-fetched", out=str(kept.out)) == {}
    assert not list(kept.out.parent.iterdir())
    assert kept.board.ask("copy-fetched", out="../etc/passwd")["error"]["code"] == "bad-input"
