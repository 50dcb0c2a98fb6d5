"""The log of a job: both ends kept to the byte, everything counted, nothing grows."""

import re
from pathlib import Path

import pytest

from machine.onboard.job_log import HEAD, TAIL, LogWriter, last_words, read_log
from tests.machine.onboard import Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


def written(folder: Path, size: int, chunk: int) -> bytes:
    """Write so many bytes, in such pieces, that every place is recognisable; return them."""
    whole = b"".join(b"%07d\n" % number for number in range(size // 8 + 1))[:size]
    log = LogWriter(folder)
    for place in range(0, size, chunk):
        log.add(whole[place : place + chunk])
    return whole


def read_all(folder: Path, offset: int = 0, limit: int = 65536) -> list[tuple[int, bytes]]:
    """All slices from an offset to the end."""
    slices: list[tuple[int, bytes]] = []
    while True:
        begin, chunk, size = read_log(folder, offset, limit)
        if not chunk:
            assert begin == size
            return slices
        slices.append((begin, chunk))
        offset = begin + len(chunk)


@pytest.mark.parametrize("chunk", [1000, 65536])
@pytest.mark.parametrize("size", [0, 1, HEAD - 1, HEAD, HEAD + 1, HEAD + TAIL - 1, HEAD + TAIL])
def test_up_to_a_mebibyte_nothing_is_lost(tmp_path: Path, size: int, chunk: int) -> None:
    whole = written(tmp_path, size, chunk)

    assert b"".join(part for _, part in read_all(tmp_path)) == whole


@pytest.mark.parametrize("more", [1, 777, TAIL, 3 * TAIL + 5])
def test_beyond_it_both_ends_are_kept_and_the_gap_is_told(tmp_path: Path, more: int) -> None:
    whole = written(tmp_path, HEAD + TAIL + more, 50_000)

    slices = read_all(tmp_path)

    assert all(whole[begin : begin + len(part)] == part for begin, part in slices)
    assert sum(len(part) for _, part in slices) == HEAD + TAIL
    assert any(begin == HEAD + more for begin, _ in slices)


def test_a_reader_goes_on_where_it_stopped_and_learns_what_it_missed(tmp_path: Path) -> None:
    whole = written(tmp_path, HEAD + 3 * TAIL, 65536)
    missed = HEAD + TAIL

    begin, chunk, size = read_log(tmp_path, missed, 100)

    assert (begin, size) == (len(whole) - TAIL, len(whole))
    assert chunk == whole[begin : begin + 100]


def test_an_offset_behind_the_end_is_the_end(tmp_path: Path) -> None:
    written(tmp_path, 10, 10)

    assert read_log(tmp_path, 99, 10) == (10, b"", 10)


@pytest.mark.parametrize("size", [10, 4096, HEAD + 100, HEAD + TAIL + 100])
def test_the_last_words_are_the_end_of_the_output(tmp_path: Path, size: int) -> None:
    whole = written(tmp_path, size, 65536)

    assert last_words(tmp_path) == whole[-4096:]


def test_what_is_overwritten_while_it_is_read_is_not_believed(tmp_path: Path) -> None:
    whole = written(tmp_path, HEAD + TAIL, 65536)
    LogWriter(tmp_path).note(len(whole) + 1000, len(whole))  # a writer is just laying a thousand bytes over the oldest

    begin, chunk, _ = read_log(tmp_path, HEAD, 4096)

    assert begin == HEAD + 1000
    assert chunk == whole[begin : HEAD + 4096]


def test_a_log_that_was_never_opened_is_empty(tmp_path: Path) -> None:
    assert read_log(tmp_path, 0, 10) == (0, b"", 0)


def test_a_gigabyte_of_output_costs_a_mebibyte_of_disk_and_no_memory(board: Onboard) -> None:
    board.sh("flood", "head -c 1000000000 /dev/zero; printf the-end; exec sleep 1000", timeout=120)
    until("all is written", lambda: board.peek("flood", offset=10**9)["written"] == 10**9 + 7, seconds=100)

    status = Path(f"/proc/{board.run('flood')['runner']}/status").read_text()
    peak_kib = int(re.findall(r"VmHWM:\s+(\d+)", status)[0])

    assert peak_kib < 20 * 1024
    assert board.peek("flood", offset=10**9)["log"] == b"the-end"
    assert sum(path.stat().st_blocks * 512 for path in (board.jobs / "flood").iterdir()) < 1200 * 1024


def test_output_that_never_stops_does_not_outrun_the_deadline(board: Onboard) -> None:
    board.start("yes", "yes", "y" * 100, timeout=1)

    seen = board.ended("yes")

    assert seen["code"] == 124
    assert seen["written"] > 1024 * 1024


def test_binary_output_arrives_as_it_is(board: Onboard) -> None:
    board.start("binary", "python3", "-c", "import os; os.write(1, bytes(range(256)) * 4)")

    assert board.ended("binary")["log"] == bytes(range(256)) * 4
