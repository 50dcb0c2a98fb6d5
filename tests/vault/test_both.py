"""What every kind of vault promises, asked of each."""

import hashlib
import io
import os
import tarfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from portal.pages.downloads import download
from provisioning.errors import TryAgain
from provisioning.step import Vault
from tests.portal.test_downloads import body

pytestmark = pytest.mark.thorough

SLICE = 5 << 20
"""The smallest part that S3 takes, but for the last."""


def packed(members: int = 3, size: int = 4 << 20) -> bytes:
    """A copy that does not get smaller by being packed: some twelve megabytes."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=0) as copy:
        for number in range(members):
            told = tarfile.TarInfo(f"picture-{number}")
            told.size = size
            copy.addfile(told, io.BytesIO(os.urandom(size)))
    return content.getvalue()


COPY = packed()
DIGEST = hashlib.sha256(COPY).hexdigest()


def alive() -> None:
    """Nobody else wants it."""


def put(vault: Vault, name: str = "one", copy: bytes = COPY, *, until: int | None = None) -> None:
    """Go on with a copy from where it stands, up to this byte."""
    while (have := vault.size(name)) < (len(copy) if until is None else until):
        vault.append(name, have, copy[have : have + SLICE])


def test_a_copy_put_in_slices_is_whole_and_comes_back_byte_for_byte(vault: Vault) -> None:
    assert (vault.size("one"), vault.read("one", 0, 10)) == (0, b"")
    put(vault)
    assert (vault.size("one"), vault.verify("one", DIGEST, alive)) == (len(COPY), [])
    assert vault.read("one", 0, len(COPY) + 10) == COPY
    assert vault.read("one", len(COPY) - 3, 10) == COPY[-3:]
    assert vault.read("one", len(COPY), 10) == b""
    assert vault.verify("one", DIGEST, alive) == []


def test_a_slice_that_is_sent_twice_is_there_once(vault: Vault) -> None:
    vault.append("one", 0, b"?" * SLICE)
    vault.append("one", 0, COPY[:SLICE])
    vault.append("one", SLICE, COPY[SLICE : 2 * SLICE])
    vault.append("one", SLICE, COPY[SLICE : 2 * SLICE])
    put(vault)
    assert vault.verify("one", DIGEST, alive) == []


def test_a_half_is_never_taken_for_a_whole(vault: Vault) -> None:
    put(vault, until=SLICE)
    assert vault.size("one") == SLICE
    assert "digest" in vault.verify("one", DIGEST, alive)[0]
    vault.drop("one")
    assert (vault.size("one"), vault.verify("one", DIGEST, alive)) == (0, ["the copy is not there"])
    put(vault)
    assert vault.verify("one", DIGEST, alive) == []


def test_a_whole_stays_whole_whatever_an_overtaken_worker_still_sends(vault: Vault) -> None:
    put(vault)
    assert vault.verify("one", DIGEST, alive) == []
    for offset in (0, SLICE):
        vault.append("one", offset, b"?" * SLICE)
    assert (vault.size("one"), vault.verify("one", DIGEST, alive)) == (len(COPY), [])
    assert vault.read("one", 0, len(COPY)) == COPY


def test_two_workers_may_read_back_the_same_copy_at_once(vault: Vault) -> None:
    put(vault)
    others = iter([True])

    def meanwhile() -> None:
        if next(others, False):
            assert vault.verify("one", DIGEST, alive) == []

    assert vault.verify("one", DIGEST, meanwhile) == []
    assert vault.read("one", 0, len(COPY)) == COPY


def test_what_has_the_right_digest_and_cannot_be_unpacked_is_no_copy(vault: Vault) -> None:
    cut = COPY[:-9]
    put(vault, copy=cut)
    assert "cannot be unpacked" in vault.verify("one", hashlib.sha256(cut).hexdigest(), alive)[0]


def test_whoever_loses_the_right_to_read_it_back_stops_at_the_next_block(vault: Vault) -> None:
    class LostError(Exception):
        pass

    def lost() -> None:
        raise LostError

    put(vault)
    with pytest.raises(LostError):
        vault.verify("one", DIGEST, lost)
    assert vault.verify("one", DIGEST, alive) == []


def test_what_is_dropped_is_gone_and_dropping_it_twice_is_silent(vault: Vault) -> None:
    put(vault)
    vault.verify("one", DIGEST, alive)
    put(vault, "one-more", until=SLICE)
    for _ in range(2):
        vault.drop("one")
    assert (vault.size("one"), vault.size("one-more")) == (0, SLICE)


def test_halves_are_cleared_away_when_they_are_old_and_wholes_never(vault: Vault) -> None:
    put(vault, "whole")
    assert vault.verify("whole", DIGEST, alive) == []
    put(vault, "half", until=SLICE)
    now = datetime.now(UTC)
    assert vault.clear(datetime(2009, 1, 1, tzinfo=UTC)) == 0  # the stand-in says of every upload that it is of 2010
    assert vault.clear(now + timedelta(hours=1)) == 1
    assert (vault.size("half"), vault.size("whole")) == (0, len(COPY))


@pytest.mark.parametrize("name", ["../one", "a/b", ".hidden"])
def test_a_name_that_leads_elsewhere_is_a_mistake(vault: Vault, name: str) -> None:
    with pytest.raises(ValueError, match="not a copy's name"):
        vault.append(name, 0, b"x")


def test_a_download_goes_on_where_it_broke_off(vault: Vault) -> None:
    put(vault)
    vault.verify("one", DIGEST, alive)
    answer = download(vault, "one", "wall.tar.gz", f"bytes={SLICE}-")
    assert (answer.status_code, b"".join(body(answer))) == (206, COPY[SLICE:])


def test_a_slice_that_cannot_follow_what_is_there_never_makes_a_copy(vault: Vault) -> None:
    with suppress(TryAgain):
        vault.append("one", SLICE, b"x" * SLICE)
    assert vault.verify("one", DIGEST, alive) != []
