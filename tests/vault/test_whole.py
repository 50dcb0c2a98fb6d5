"""What a machine may send for a copy: whoever is root there writes the copy, and its digest too."""

import gzip
import hashlib
import io
import os
import tarfile
import tracemalloc
from itertools import count

import pytest

from provisioning.vault import whole
from provisioning.vault.whole import problems

pytestmark = pytest.mark.timeout(120)


class LostError(Exception):
    """Somebody else works on the row now."""


def wrong_with(raw: bytes, *, blocks: int | None = None) -> list[str]:
    """What is wrong with a copy of this content; whoever reads it back loses the right to after so many blocks."""
    packed = gzip.compress(raw, 6)
    times = count(1)

    def alive() -> None:
        if next(times) == blocks:
            raise LostError

    return problems(io.BytesIO(packed), hashlib.sha256(packed).hexdigest(), alive)


def tar_of(member: tarfile.TarInfo, content: bytes = b"", form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar with one member, and a plain one after it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        tar.addfile(member, io.BytesIO(content))
        tar.addfile(tarfile.TarInfo("after"))
    return out.getvalue()


def told(name: str = "x", kind: bytes = tarfile.REGTYPE, size: int = 0, **headers: str) -> tarfile.TarInfo:
    """A member, as it says of itself."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    member.pax_headers = {key.replace("_", "."): value for key, value in headers.items()}
    return member


def header(kind: bytes, raw: bytes) -> bytes:
    """A header for what follows, with this in it, and its end."""
    blocks = -(-len(raw) // 512) * 512
    return told(kind=kind, size=len(raw)).tobuf(tarfile.USTAR_FORMAT) + raw.ljust(blocks, b"\0") + b"\0" * 1024


def gnu_sparse(size: int) -> bytes:
    """A sparse file as older GNU tars write it, with one hole."""
    block = bytearray(told(kind=tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
    block[483:495] = b"\x80" + size.to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + b"\0" * 1024


def test_what_our_archiver_writes_is_read_back_whole() -> None:
    content = os.urandom(3000)
    long = "d/" * 300 + "ä"
    for member in (told(long, size=3000), told(size=3000, mtime="1.5"), told(size=3000, size_="3000")):
        assert wrong_with(tar_of(member, content)) == []
    for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE):
        assert wrong_with(tar_of(told(long, kind))) == []
    assert wrong_with(tar_of(told(long, size=3000), content, tarfile.GNU_FORMAT)) == []


def test_a_copy_that_gets_very_small_by_being_packed_is_a_copy() -> None:
    assert wrong_with(tar_of(told(size=256 << 20), bytes(256 << 20))) == []


HOLES = [
    gnu_sparse(1 << 60),
    tar_of(told(GNU_sparse_map=f"{1 << 60},0", GNU_sparse_size=str(1 << 60), GNU_sparse_numblocks="1")),
    tar_of(told(GNU_sparse_size=str(1 << 60), GNU_sparse_numblocks="0")),
    tar_of(told(GNU_sparse_major="1", GNU_sparse_minor="0", GNU_sparse_realsize=str(1 << 60))),
    tar_of(told(GNU_sparse_map="a,b", GNU_sparse_size="5")),
    tar_of(told(GNU_sparse_major="1", GNU_sparse_minor="0", GNU_sparse_realsize="zz")),
]


@pytest.mark.parametrize("raw", HOLES, ids=["old", "0.1", "0.0", "1.0", "nonsense", "more nonsense"])
def test_a_file_with_holes_is_refused_before_the_holes_are_read(raw: bytes) -> None:
    assert "cannot be unpacked" in wrong_with(raw, blocks=20)[0]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, b"L", b"K"], ids=["x", "g", "L", "K"])
def test_no_header_is_taken_into_memory_whatever_its_size(kind: bytes) -> None:
    packed = gzip.compress(header(kind, bytes(64 << 20)))
    tracemalloc.start()
    wrong = problems(io.BytesIO(packed), hashlib.sha256(packed).hexdigest(), lambda: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "cannot be unpacked" in wrong[0]
    assert peak < 16 << 20


NONSENSE = {
    "no length": b"a=b\n",
    "a length of nothing": b"0 a=b\n",
    "less than nothing": b"-9 a=b\n",
    "longer than the header": b"900 a=b\n",
    "no line's end": b"5 a=bc",
    "no value": b"6 abc\n",
    "a number without end": b"9" * 100_000,
    "one within the other": b"2 " * 500_000 + b"=\n",
    "a size that is none": b"9 size=a\n",
    "a size below nothing": b"10 size=-5\n",
}


@pytest.mark.parametrize("raw", NONSENSE.values(), ids=NONSENSE)
def test_a_header_that_makes_no_sense_is_a_damaged_copy_and_no_mistake_of_ours(raw: bytes) -> None:
    after = tar_of(told())
    assert "cannot be unpacked" in wrong_with(header(tarfile.XHDTYPE, raw)[:-1024] + after)[0]


@pytest.mark.parametrize("size", [-5, 1 << 80])
def test_a_size_that_cannot_be_is_a_damaged_copy(size: int) -> None:
    assert "cannot be unpacked" in wrong_with(told(size=size).tobuf(tarfile.GNU_FORMAT) + bytes(1024))[0]


def test_headers_before_headers_end_somewhere() -> None:
    one = header(tarfile.XHDTYPE, b"6 a=b\n")[:-1024]
    assert wrong_with(one * 5000 + tar_of(told())) == []
    assert "ends in the middle" in wrong_with(one * 5000)[0]


def test_a_copy_with_members_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "MOST_MEMBERS", 10)
    empty = told().tobuf()
    assert wrong_with(empty * 9 + bytes(1024)) == []
    assert "too many members" in wrong_with(empty * 10 + bytes(1024))[0]


def test_something_between_two_members_is_no_copy() -> None:
    assert "cannot be unpacked" in wrong_with(told().tobuf() + b"x" * 512 + tar_of(told()))[0]
    assert "cannot be unpacked" in wrong_with(b"")[0]


def test_whoever_loses_the_right_to_read_it_back_stops_within_what_one_block_becomes() -> None:
    with pytest.raises(LostError):
        wrong_with(tar_of(told(size=64 << 20), bytes(64 << 20)), blocks=30)
