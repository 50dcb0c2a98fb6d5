"""An event as a calendar file, by the letter of RFC 5545."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.models import User
from portal.pages.calendar import LONGEST, calendar, escaped, folded
from provisioning.models import Event

AT = datetime(2026, 10, 1, 7, 30, tzinfo=UTC)


def event(name: str = "Spring Fair") -> Event:
    """An event that is in no database."""
    begins, ends = datetime.fromisoformat("2026-11-02T09:00+01:00"), datetime.fromisoformat("2026-11-30T20:00+01:00")
    return Event(key="k" * 32, name=name, owner=User(), zone="Europe/Berlin", opens_at=begins, closes_at=ends)


def lines(written: bytes) -> list[str]:
    """The lines of a file as a calendar reads them."""
    return written.replace(b"\r\n ", b"").decode().split("\r\n")


def unescaped(value: str) -> str:
    parts = [part.replace("\\n", "\n").replace("\\;", ";").replace("\\,", ",") for part in value.split("\\\\")]
    return "\\".join(parts)


def test_a_calendar_reads_when_it_is_in_utc_and_where() -> None:
    read = lines(calendar(event(), "https://fair.example/e/spring-fair", host="fair.example", at=AT))
    assert read == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fairground//Events//EN", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:{'k' * 32}@fair.example", "DTSTAMP:20261001T073000Z", "DTSTART:20261102T080000Z",
        "DTEND:20261130T190000Z", "SUMMARY:Spring Fair", "URL:https://fair.example/e/spring-fair", "END:VEVENT",
        "END:VCALENDAR", "",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Cake; tea, and \\ more", "x\r\nATTENDEE:mailto:a@evil.example", "x\u2028DTEND:1"])
def test_a_name_adds_no_line_of_its_own(name: str) -> None:
    read = lines(calendar(event(name), "https://x", host="x", at=AT))
    assert len(read) == 14
    assert [line for line in read if line.startswith(("ATTENDEE", "DTEND:1"))] == []


@given(st.text(max_size=200))
def test_whatever_the_name_is_it_is_read_back_as_it_was_written(name: str) -> None:
    kept = "".join(letter for letter in "\n".join(name.splitlines()) if letter == "\n" or letter.isprintable())
    assert unescaped(escaped(name)) == kept


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=300))
def test_no_line_is_longer_than_is_allowed_and_no_letter_is_torn(text: str) -> None:
    written = folded(text)
    assert all(len(line) <= LONGEST for line in written.split(b"\r\n"))
    assert lines(written)[0] == text
