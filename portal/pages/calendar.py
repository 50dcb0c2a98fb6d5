"""An event as a calendar file (RFC 5545), for the phone of whoever wants to come."""

from datetime import UTC, datetime

from provisioning.models import Event

LONGEST = 75
"""Octets in a line; what is longer goes on in the next, after a space."""


def calendar(event: Event, address: str, *, host: str, at: datetime) -> bytes:
    """Write the file. Its times are UTC, which every calendar shows in its own zone; `host` makes its name unique."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Fairground//Events//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{event.key}@{host}",
        f"DTSTAMP:{_utc(at)}",
        f"DTSTART:{_utc(event.opens_at)}",
        f"DTEND:{_utc(event.closes_at)}",
        f"SUMMARY:{escaped(event.name)}",
        f"URL:{address}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(folded(line) for line in lines)


def escaped(text: str) -> str:
    """Say what somebody has typed as a value: nothing of it is structure."""
    one_line = "\n".join(text.splitlines())
    printable = "".join(letter for letter in one_line if letter == "\n" or letter.isprintable())
    for sign in ("\\", ";", ","):
        printable = printable.replace(sign, f"\\{sign}")
    return printable.replace("\n", "\\n")


def folded(line: str) -> bytes:
    """Break a line between letters so that no piece has more than 75 octets; end it."""
    pieces, piece = [], b""
    for letter in line:
        if len(piece) + len(octets := letter.encode()) > LONGEST:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
