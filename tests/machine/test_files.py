"""Files are put whole and read in bounded slices; what is no file is not touched."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.machine.onboard import Json, Onboard

pytestmark = pytest.mark.thorough


def put(board: Onboard, place: Path, content: bytes, **more: object) -> Json:
    """Put a file."""
    given = {"path": str(place), "sha256": hashlib.sha256(content).hexdigest(), **more}
    return board.ask_raw("put", content, given)[0]


def test_a_file_is_put_whole_with_its_mode_and_its_folders(board: Onboard) -> None:
    path = board.root / "deep/er/file"

    assert put(board, path, b"\0\n\xff" * 1000, mode=0o640) == {"size": 3000}
    assert path.read_bytes() == b"\0\n\xff" * 1000
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_putting_twice_is_putting_once(board: Onboard) -> None:
    path = board.root / "file"
    put(board, path, b"one")
    put(board, path, b"two")

    assert path.read_bytes() == b"two"
    assert [entry.name for entry in board.root.iterdir() if "file" in entry.name] == ["file"]


@pytest.mark.parametrize("more", [{"behind": 2}, {"sha256": "0" * 64}])
def test_bytes_that_are_not_those_that_were_sent_change_nothing(board: Onboard, more: Json) -> None:
    path = board.root / "file"
    put(board, path, b"old")

    assert put(board, path, b"new", **more)["error"]["code"] == "damaged"
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("path", ["relative", "/a/../b", "", "/nul\0"])
def test_a_path_that_is_not_plain_is_refused(board: Onboard, path: str) -> None:
    assert put(board, Path("/x"), b"", path=path)["error"]["code"] == "bad-input"


def test_a_slice_is_read_and_the_end_is_short(board: Onboard) -> None:
    (board.root / "file").write_bytes(bytes(range(100)))

    answer, content = board.ask_raw("read", b"", {"path": str(board.root / "file"), "offset": 90, "limit": 50})

    assert answer == {"size": 100, "behind": 10}
    assert content == bytes(range(90, 100))


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "device"])
def test_what_is_no_plain_file_is_not_read(board: Onboard, kind: str) -> None:
    (board.root / "link").symlink_to("/etc/passwd")
    os.mkfifo(board.root / "pipe")
    (board.root / "folder").mkdir()
    path = "/dev/zero" if kind == "device" else str(board.root / kind)

    answer = board.ask("read", path=path, limit=10)

    assert answer["error"]["code"] in ("not-a-file", "os-error")


def test_a_missing_file_is_told_as_that(board: Onboard) -> None:
    assert board.ask("read", path="/no/such/file", limit=1)["error"]["code"] == "no-such-file"
