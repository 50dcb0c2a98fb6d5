"""The settings of this installation: NAME=value lines in <home>/fairground.env, for our eyes only."""

import base64
import re
import secrets
from collections.abc import Sequence

from cli.home import settings_file
from cli.talk import HaltError
from cli.whole import write_whole

HEADER = "# Written by ./fairground up; what you change here is kept. The environment wins over it."
_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=(.*)")


def read() -> dict[str, str]:
    """All settings written so far."""
    return parse(_text())


def parse(text: str) -> dict[str, str]:
    """What the lines mean, to the letter as django-environ reads them for the portal: one pair of quotes is no part of it."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {line[1]: _meant(line[2]) for line in found if line}


def remarks(text: str) -> list[str]:
    """The lines that set nothing, such as comments."""
    return [line for line in text.splitlines() if line.strip() and line != HEADER and not _LINE.fullmatch(line)]


def write(changes: dict[str, str]) -> dict[str, str]:
    """Set these, keep the others; return all. Nothing is written if nothing changes."""
    kept = read()
    settings = kept | changes
    if settings != kept:
        put(settings, remarks(_text()))
    return settings


def put(settings: dict[str, str], beside: Sequence[str] = ()) -> None:
    """Have these settings and no others, with remarks above them. Raises HaltError."""
    if any("\n" in text for text in settings.values()):
        raise HaltError("A setting may not have more than one line.")
    lines = [HEADER, *beside, *(f"{name}={_told(text)}" for name, text in sorted(settings.items()))]
    write_whole(settings_file(), "".join(f"{line}\n" for line in lines))


def keys() -> dict[str, str]:
    """What is made once and never changes: losing it means losing what it encrypts."""
    kept = read()
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "PORTAL_ID": secrets.token_hex(16),
    }
    return {name: value for name, value in made.items() if name not in kept}


def _text() -> str:
    return settings_file().read_text() if settings_file().exists() else ""


def _meant(value: str) -> str:
    """Without one pair of quotes; in double ones a backslash stands before what is meant as it is."""
    if quoted := re.fullmatch(r"'(.*)'", value):
        value = quoted[1]
    if quoted := re.fullmatch(r'"(.*)"', value):
        value = re.sub(r"\\([^rnt])", r"\1", quoted[1])
    return value


def _told(meant: str) -> str:
    """As a line has to say it: in quotes only where it would lose its own."""
    return meant if _meant(meant) == meant else '"' + re.sub(r'(["\\])', r"\\\1", meant) + '"'
