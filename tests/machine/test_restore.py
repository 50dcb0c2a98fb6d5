"""What was kept is put back: the same bytes, rights and links, nothing else; from parts, whole or not at all."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.machine.onboard import Json, Onboard
from tests.machine.test_archive import Kept

pytestmark = pytest.mark.thorough

LONG_AGO = 1_000_000_000
NAMES = ["plain", "-rf", "--help", "größe 😀", "two  spaces ", "line\nbreak", "'$(id)'", ".hidden", "*", "deep/er/-x"]


class Again(Kept):
    """A machine whose data was kept, is lost, and comes back."""

    def fill(self) -> Json:
        """Put files of every kind there; return how they look."""
        for name in NAMES:
            (self.data / name).parent.mkdir(parents=True, exist_ok=True)
            (self.data / name).write_bytes(os.urandom(random.randrange(1, 90_000)))
        (self.data / "link").symlink_to("plain")
        (self.data / "secret").touch(mode=0o640)
        (self.data / "empty").mkdir(mode=0o2770)
        for path in sorted(self.data.rglob("*"), reverse=True):
            os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
        return self.seen()

    def seen(self) -> Json:
        """Everything there is, by name."""
        return {str(path.relative_to(self.data)): look(path) for path in sorted(self.data.rglob("*"))}

    def bring(self, copy: bytes, size: int = 50_000) -> Path:
        """Lay the copy down in parts, as a portal would."""
        folder = self.board.root / "var/lib/fairground/restores/restore-1"
        folder.mkdir(parents=True, exist_ok=True)
        for offset in range(0, len(copy), size):
            (folder / f"{offset:016d}").write_bytes(copy[offset : offset + size])
        return folder

    def put_back(self, copy: bytes, **more: Any) -> int:
        """Run the program; return how it ended."""
        asked = {"folder": str(self.bring(copy)), "sha256": self.made()["sha256"]}
        return self.board.program("restore", self.parameters(**asked, **more)).returncode


def look(path: Path) -> object:
    """What must be as it was."""
    told = path.lstat()
    what = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else "folder"
    return what, told.st_mode, told.st_uid, told.st_gid, int(told.st_mtime)


@pytest.fixture
def kept(board: Onboard) -> Again:
    """A machine with something to keep."""
    return Again(board)


def copied(kept: Again) -> bytes:
    """Make the copy and read it."""
    assert kept.copy().returncode == 0
    return Path(f"{kept.out}.tar.gz").read_bytes()


def test_what_was_lost_is_back_as_it_was(kept: Again) -> None:
    before = kept.fill()
    copy = copied(kept)
    for path in (kept.data / "plain", kept.data / "link", kept.data / "-rf"):
        path.unlink()
    (kept.data / "secret").write_text("overwritten")

    assert kept.put_back(copy) == 0
    assert kept.seen() == before
    assert not kept.bring(b"").glob("0*") or not list(kept.bring(b"").iterdir())


def test_what_was_not_kept_goes_and_what_is_excluded_stays(kept: Again) -> None:
    before = kept.fill()
    copy = copied(kept)
    (kept.data / "fresh/from").mkdir(parents=True)
    (kept.data / "fresh/from/installer").touch()
    (kept.data / "a.log").touch()

    assert kept.put_back(copy, exclude=["*.log"]) == 0
    assert set(kept.seen()) == {*before, "a.log"}


def test_nothing_is_written_through_a_link_that_lies_in_the_way(kept: Again) -> None:
    kept.fill()
    copy = copied(kept)
    elsewhere = kept.board.root / "elsewhere"
    elsewhere.write_text("mine")
    (kept.data / "plain").unlink()
    (kept.data / "plain").symlink_to(elsewhere)

    assert kept.put_back(copy) == 0
    assert elsewhere.read_text() == "mine"
    assert not (kept.data / "plain").is_symlink()


@pytest.mark.parametrize("harm", [lambda copy: copy[:-1], lambda copy: b"x" + copy[1:], lambda copy: b""])
def test_a_copy_that_did_not_arrive_whole_touches_nothing_and_is_thrown_away(kept: Again, harm: Any) -> None:
    kept.fill()
    copy = copied(kept)
    (kept.data / "since").touch()
    before = kept.seen()

    assert kept.put_back(harm(copy)) == 13
    assert kept.seen() == before
    assert not (kept.board.root / "var/lib/fairground/restores/restore-1").exists()


def test_the_hook_runs_when_the_files_are_there_and_a_failing_one_may_run_again(kept: Again) -> None:
    kept.fill()
    copy = copied(kept)
    (kept.data / "plain").unlink()
    kept.hook("restore", f"test -e {kept.data}/plain || exit 9; test -e {kept.board.root}/well || exit 3")

    assert kept.put_back(copy) == 16
    (kept.board.root / "well").touch()
    assert kept.put_back(copy) == 0
    assert kept.told.read_text().split() == ["restore", "restore"]


def test_only_parts_without_a_gap_count_as_brought(kept: Again) -> None:
    folder = kept.bring(b"0123456789", size=3)
    (folder / f"{3:016d}").unlink()

    assert kept.board.ask("brought", folder=str(folder)) == {"size": 3}
    assert kept.board.ask("brought", folder=str(folder / "none"))["size"] == 0
