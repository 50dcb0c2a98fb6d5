"""What programs print is shown as text, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.plain import UNREADABLE, Lines, readable


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"10 %\r50 %\r100 %\ndone", "100 %\ndone"),
        (b"one\r\ntwo", "one\ntwo"),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
        ("a\u202eb".encode(), "ab"),
        (b"\x1b[2J\x1b[H<script>", "<script>"),
    ],
)
def test_control_sequences_are_taken_out(printed: bytes, read: str) -> None:
    assert readable(printed) == read


@given(st.binary())
def test_whatever_is_printed_can_be_read(printed: bytes) -> None:
    assert not UNREADABLE.search(readable(printed))


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_lines_are_the_same_however_the_bytes_come(pieces: list[bytes]) -> None:
    lines = Lines()
    read = "".join(lines.take(piece) for piece in [*pieces, b"\n"])
    whole = Lines()
    assert read.splitlines() == whole.take(b"".join(pieces) + b"\n").splitlines()


def test_a_line_without_end_is_not_kept_without_end() -> None:
    lines = Lines()
    assert lines.take(b"x" * 70_000).startswith("xxx")
