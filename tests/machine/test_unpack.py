"""Content that comes as an archive: plain files and folders within bounds, or nothing of it."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable

import pytest

from machine.onboard import unpack
from machine.onboard.failure import Failed
from tests.machine.content import Content
from tests.machine.git_server import GitServer, Repository
from tests.machine.onboard import Onboard

pytestmark = pytest.mark.thorough


@pytest.fixture
def content(board: Onboard, server: GitServer) -> Content:
    """A machine that has unpacked something good before."""
    content = Content(board, server)
    content.write(archive="results.tar.gz", max_size=20 << 20)
    return content


def member(name: str, data: bytes = b"", **more: object) -> tuple[tarfile.TarInfo, bytes]:
    """A member of an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    for field, value in more.items():
        setattr(entry, field, value)
    return entry, data


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive, not packed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for entry, data in members:
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def pulled(content: Content, repository: Repository, archive: bytes, **more: object) -> int:
    """Commit the archive and pull it."""
    (repository.folder / "results.tar.gz").write_bytes(archive)
    repository.commit()
    return content.pull(**more).returncode


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_an_archive_is_unpacked(content: Content, repository: Repository, packed: Callable[[bytes], bytes]) -> None:
    members = member("top", type=tarfile.DIRTYPE), member("top/a", b"A", mode=0o4755), member("./top/deep/b", b"B")

    assert pulled(content, repository, packed(tar(*members))) == 0
    assert content.shown() == {"top/a": "A", "top/deep/b": "B"}
    assert (content.target / "top/a").stat().st_mode & 0o7777 == 0o755
    assert (content.target / "top/deep/b").stat().st_mode & 0o7777 == 0o644


def test_one_folder_of_an_archive_may_be_content(content: Content, repository: Repository) -> None:
    archive = gzip.compress(tar(member("top/a", b"A"), member("other", b"x")))

    assert pulled(content, repository, archive, path="top") == 0
    assert content.shown() == {"a": "A"}
    assert content.pull(path="none").returncode == 19


EVIL = {
    "absolute": [member("/etc/evil", b"x")],
    "parent": [member("a/../../evil", b"x")],
    "link": [member("link", type=tarfile.SYMTYPE, linkname="/etc"), member("link/evil", b"x")],
    "hard-link": [member("a", b"x"), member("b", type=tarfile.LNKTYPE, linkname="a")],
    "device": [member("null", type=tarfile.CHRTYPE)],
    "pipe": [member("pipe", type=tarfile.FIFOTYPE)],
    "twice": [member("a", b"x"), member("a", b"y")],
    "file-as-folder": [member("a", b"x"), member("a/b", b"y")],
    "root": [member("."), member("a", b"x")],
    "deep": [member("d/" * 50 + "a", b"x")],
}


@pytest.mark.parametrize("name", EVIL)
def test_an_archive_with_anything_odd_is_refused_whole(content: Content, repository: Repository, name: str) -> None:
    assert pulled(content, repository, tar(member("index", b"good"))) == 0

    assert pulled(content, repository, tar(member("index", b"bad"), *EVIL[name])) == 13
    assert content.shown() == {"index": "good"}
    assert content.told()["problem"] == "bad-content"


def test_a_bomb_is_refused_before_it_goes_off(content: Content, repository: Repository) -> None:
    assert pulled(content, repository, tar(member("index", b"good"))) == 0

    assert pulled(content, repository, gzip.compress(tar(member("zeros", b"\0" * (15 << 20))), 9)) == 12
    assert content.shown() == {"index": "good"}


def test_very_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_MEMBERS", 100)
    folders = [member(str(number), type=tarfile.DIRTYPE) for number in range(101)]

    unpack.inspect(io.BytesIO(tar(*folders[:100])), 1000)
    with pytest.raises(Failed, match="too-big"):
        unpack.inspect(io.BytesIO(tar(*folders)), 1000)


def test_a_header_that_claims_gigabytes_is_not_believed(content: Content, repository: Repository) -> None:
    entry, _ = member("huge")
    entry.size, entry.type = 3 << 30, tarfile.XHDTYPE
    archive = entry.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (10 << 20)

    assert pulled(content, repository, gzip.compress(archive)) in (12, 13)


RUBBISH = [b"", b"no archive at all", b"\x1f\x8b\x08rubbish", gzip.compress(b"x" * 5000), tar()]


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_is_no_archive(content: Content, repository: Repository, rubbish: bytes) -> None:
    assert pulled(content, repository, rubbish) in (13, 19)


def test_a_torn_archive_is_refused(content: Content, repository: Repository) -> None:
    whole = gzip.compress(tar(member("a", b"A" * 100_000), member("b", bytes(range(256)) * 1000)))

    assert pulled(content, repository, whole[: len(whole) // 2]) == 13


def test_an_archive_that_is_not_there_is_told_as_that(content: Content, repository: Repository) -> None:
    repository.commit(README="no archive here")

    assert content.pull().returncode == 19
    assert content.told()["problem"] == "nothing-there"
