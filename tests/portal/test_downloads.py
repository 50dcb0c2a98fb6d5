"""A download: a slice at a time, from any byte on, and nothing promised that is not there."""

import asyncio
from pathlib import Path

import pytest
from django.http import Http404, StreamingHttpResponse

from portal.pages import downloads
from portal.pages.downloads import download, span
from provisioning.vault import FolderVault

COPY = bytes(range(256)) * 40


@pytest.fixture
def vault(tmp_path: Path) -> FolderVault:
    """A vault with one copy."""
    kept = FolderVault(tmp_path)
    kept.append("one", 0, COPY)
    return kept


def body(answer: object) -> list[bytes]:
    """What is sent, as it is sent."""
    assert isinstance(answer, StreamingHttpResponse)

    async def taken() -> list[bytes]:
        return [part async for part in answer]

    return asyncio.run(taken())


@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("", 0, 100),
        ("bytes=0-", 0, 100),
        ("bytes=40-", 40, 100),
        ("bytes=40-49", 40, 50),
        ("bytes=90-900", 90, 100),
        ("bytes=-10", 90, 100),
        ("bytes=-900", 0, 100),
        ("bytes=-", 0, 100),
        ("bytes=1-2,5-6", 0, 100),
        ("pages=1-2", 0, 100),
        ("bytes=" + 5000 * "9" + "-", 0, 100),
    ],
)
def test_a_range_is_read_as_it_is_meant(header: str, first: int, end: int) -> None:
    assert span(header, 100) == range(first, end)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0", "bytes=9-3"])
def test_nothing_is_sent_from_beyond_the_end(header: str, vault: FolderVault) -> None:
    assert not span(header, 100)
    assert download(vault, "one", "x", "bytes=99999-").status_code == 416


def test_a_copy_is_sent_in_slices_under_its_name(vault: FolderVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "SLICE", 1000)
    answer = download(vault, "one", "wall-2027.tar.gz", "")
    parts = body(answer)
    assert b"".join(parts) == COPY
    assert max(map(len, parts)) == 1000
    assert answer.headers["Content-Length"] == str(len(COPY))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="wall-2027.tar.gz"'


def test_a_download_that_broke_off_goes_on(vault: FolderVault) -> None:
    answer = download(vault, "one", "x", "bytes=5000-")
    assert (answer.status_code, answer.headers["Content-Range"]) == (206, f"bytes 5000-{len(COPY) - 1}/{len(COPY)}")
    assert b"".join(body(answer)) == COPY[5000:]


def test_what_is_not_there_is_not_found(vault: FolderVault) -> None:
    with pytest.raises(Http404):
        download(vault, "none", "x", "")
