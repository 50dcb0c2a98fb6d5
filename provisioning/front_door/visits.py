"""How visitors are counted: Caddy notes for each answered request a host and a mark, and we read that.

The mark is a hash of the day's key, the visitor's address and browser; nothing else of a visitor ever reaches the disk, and
once the key is thrown away, nobody can tell who a mark was. The key lies beside the log and in no row, so no backup holds
it. What is lost (a log that was rolled too soon, or is missing) makes the number smaller, never the front door slower.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

MARKS = "visits"
"""@id of what makes the marks, and the log's name."""
LOGGER = f"http.log.access.{MARKS}"
ROBOTS = r"(?i)(?:^|[^u])bot|crawl|spider|slurp|headless|^fairground-"
"""Those who say so by their User-Agent, our own probes and camera among them; a Cubot is a telephone."""
SILENT = ("remote_ip", "remote_port", "client_ip", "proto", "method", "uri", "headers", "tls")
UNMARKED = hashlib.sha256(b"").hexdigest()[:8]
"""The mark of everybody before the first key is told."""
NOT_COUNTED: dict[str, Any] = {"handler": "vars", "skip_log": True}

Json = dict[str, Any]


@dataclass(frozen=True)
class Visits:
    """Where Caddy notes them."""

    file: str


@dataclass(frozen=True)
class Place:
    """How far the log was read: in which file (by inode), up to which byte."""

    file: str = ""
    offset: int = 0


def marked_by(key: str) -> list[str]:
    """What a mark is the hash of. `http.auth.user.id` is the one free word that Caddy notes of a request."""
    who = "{http.request.remote.host} {http.request.header.X-Forwarded-For} {http.request.header.User-Agent}"
    return [f"{key} {who}"]


def key_of(day: date, log: Path) -> str:
    """The key of this day, which lies beside the log; where there is that of another day, it is thrown away."""
    file = log.with_name("key")
    with suppress(FileNotFoundError):
        of, _, key = file.read_text().partition(" ")
        if of == day.isoformat() and key:
            return key
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"key.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(f"{day.isoformat()} {secrets.token_urlsafe(32)}")
    fresh.replace(file)
    return file.read_text().partition(" ")[2]


def marking() -> Json:
    """What gives each request its mark; reckoned only when it is written down. No file that we write has the key."""
    mark = {"@id": MARKS, "handler": "map", "source": "", "destinations": ["{http.auth.user.id}"]}
    return mark | {"defaults": [""]}


def robots() -> Json:
    """The route of those who are not counted."""
    return {"match": [{"header_regexp": {"User-Agent": {"pattern": ROBOTS}}}], "handle": [NOT_COUNTED]}


def log(visits: Visits) -> Json:
    """Caddy's log of them: at most 12 MB on the disk."""
    file = {"output": "file", "filename": visits.file, "roll_size_mb": 4, "roll_keep": 2, "roll_keep_days": 7}
    fields = {f"request>{name}": {"filter": "delete"} for name in SILENT}
    fields |= {name: {"filter": "delete"} for name in ("resp_headers", "duration", "size", "bytes_read")}
    fields |= {"user_id": {"filter": "hash"}}
    return {
        "include": [LOGGER],
        "writer": file | {"roll_gzip": False},
        "encoder": {"format": "filter", "wrap": {"format": "json"}, "fields": fields},
    }


def read(file: Path, after: Place) -> tuple[set[tuple[str, str]], Place]:
    """Who came where since then, as (host, mark), and how far that is read. Half a line is left for the next time."""
    seen: set[tuple[str, str]] = set()
    place = after
    for path in _since(file, after.file):
        with suppress(FileNotFoundError):  # rolled away at this moment
            place = _take(path, place, seen)
    return seen, place


def _since(file: Path, inode: str) -> list[Path]:
    """The file that was read last and those after it, oldest first; all of them if it is gone."""
    rolled = sorted(file.parent.glob(f"{file.stem}-*{file.suffix}"))
    paths = [*rolled, file]
    return paths[next((place for place, path in enumerate(paths) if _inode(path) == inode), 0) :]


def _inode(path: Path) -> str:
    with suppress(FileNotFoundError):
        return str(path.stat().st_ino)
    return "none"


def _take(path: Path, place: Place, seen: set[tuple[str, str]]) -> Place:
    with path.open("rb") as lines:
        about = os.fstat(lines.fileno())
        inode, goes_on = str(about.st_ino), str(about.st_ino) == place.file and place.offset <= about.st_size
        offset = place.offset if goes_on else 0
        lines.seek(offset)
        for line in lines:
            if not line.endswith(b"\n"):
                break
            offset += len(line)
            seen.update(_visit(line))
    return Place(inode, offset)


def _visit(line: bytes) -> Iterator[tuple[str, str]]:
    """Who came where; nobody where the answer was no page, or the line is broken."""
    with suppress(ValueError, KeyError, TypeError):
        told: Mapping[str, Any] = json.loads(line)
        host, mark = str(told["request"]["host"]).lower(), str(told["user_id"])
        if told["status"] < 400 and mark != UNMARKED and re.fullmatch("[0-9a-f]{8}", mark):
            yield host, mark
