"""The kinds of value a manifest is made of: durations, sizes, paths, names. Each says itself what it expects."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MEBIBYTES = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}
OPEN_FOLDERS = ("/var", "/srv", "/opt", "/home", "/usr/local", "/usr/share")
"""Content may go below these and nowhere else."""
CLOSED_FOLDERS = ("/proc", "/sys", "/dev", "/run", "/boot", "/tmp", "/var/lib/fairground", "/root/.ssh")  # noqa: S108
"""Never content, never part of a copy: not data, or ours."""


def unexpected(expected: str) -> PydanticCustomError:
    """Make the error that carries what was expected to the author."""
    return PydanticCustomError("expected", "{expected}", {"expected": f"expected {expected}"})


def matching(grammar: str, expected: str, *, longest: int) -> AfterValidator:
    """Demand a whole match of a grammar of ours (each is linear in time)."""
    compiled = re.compile(grammar, re.ASCII)

    def check(text: str) -> str:
        if len(text) > longest or not compiled.fullmatch(text):
            raise unexpected(expected)
        return text

    return AfterValidator(check)


def text_of(pattern: str, example: str) -> WithJsonSchema:
    """Say in the JSON Schema what the validator demands."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def _duration(value: object) -> timedelta:
    if not isinstance(value, str) or not (found := re.fullmatch(r"([0-9]{1,6})(s|m|h|d)", value)):
        raise unexpected('a number and s, m, h or d in quotes, such as "10m"')
    return timedelta(seconds=int(found[1]) * SECONDS[found[2]])


def duration_text(span: timedelta) -> str:
    """Write a duration as a manifest does, in the largest unit that fits: "10m"."""
    seconds = int(span.total_seconds())
    unit = next((unit for unit in "dhm" if seconds and seconds % SECONDS[unit] == 0), "s")
    return f"{seconds // SECONDS[unit]}{unit}"


def _size(value: object) -> int:
    if not isinstance(value, str) or not (found := re.fullmatch(r"([0-9]{1,6}) ?(MiB|GiB|TiB)", value)):
        raise unexpected('a whole number and MiB, GiB or TiB in quotes, such as "256MiB"')
    return int(found[1]) * MEBIBYTES[found[2]]


def size_text(mebibytes: int) -> str:
    """Write a size as a manifest does: "256MiB"."""
    unit = next(unit for unit in ("GiB", "MiB") if mebibytes % MEBIBYTES[unit] == 0)
    return f"{mebibytes // MEBIBYTES[unit]}{unit}"


def between(least: Any, most: Any, text: Callable[[Any], str]) -> AfterValidator:
    """Demand a value in a span, and say the span in the author's own units."""

    def check(value: Any) -> Any:
        if not least <= value <= most:
            raise unexpected(f"something from {text(least)} to {text(most)}")
        return value

    return AfterValidator(check)


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(PurePosixPath(folder) in PurePosixPath(path).parents for folder in folders)


def _content_target(path: str) -> str:
    if not _below(path, OPEN_FOLDERS) or _closed(path):
        raise unexpected(f"a folder below one of {', '.join(OPEN_FOLDERS)}")
    return path


def _closed(path: str) -> bool:
    return path in CLOSED_FOLDERS or _below(path, CLOSED_FOLDERS)


def _kept(path: str) -> str:
    if path == "/" or _closed(path):
        raise unexpected("a folder or file of the app's own data, not of the system")
    return path


def _https(url: str) -> str:
    if not re.fullmatch(r"https://[!-~]{1,490}", url) or not urlsplit(url).hostname or "@" in urlsplit(url).netloc:
        raise unexpected("an address that begins with https://")
    return url


def _no_dots(path: str) -> str:
    if any(part in {"", ".", ".."} or part.startswith("-") for part in path.removeprefix("/").split("/")):
        raise unexpected("a path without empty parts, '.', '..' or parts that begin with '-'")
    return path


def _no_git(path: str) -> str:
    if path.split("/", maxsplit=1)[0].lower() == ".git":
        raise unexpected("a path outside .git")
    return path


DURATION = r"^[0-9]{1,6}(s|m|h|d)$"
SIZE = r"^[0-9]{1,6} ?(MiB|GiB|TiB)$"
Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(duration_text), text_of(DURATION, "10m")]
Mebibytes = Annotated[int, BeforeValidator(_size), PlainSerializer(size_text), text_of(SIZE, "256MiB")]

Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=8000)]
Slug = Annotated[
    str, matching(r"[a-z][a-z0-9-]{1,38}", "2 to 39 small letters, digits and '-', a letter first", longest=39)
]
Name = Annotated[
    str, matching(r"[a-z][a-z0-9-]{0,31}", "1 to 32 small letters, digits and '-', a letter first", longest=32)
]
ValueId = Annotated[
    str, matching(r"[a-z][a-z0-9_]{0,39}", "1 to 40 small letters, digits and '_', a letter first", longest=40)
]
RepoPath = Annotated[
    str,
    matching(
        r"[A-Za-z0-9._+][A-Za-z0-9._+/-]*", "a path inside this repository, such as 'script/install'", longest=200
    ),
    AfterValidator(_no_dots),
    AfterValidator(_no_git),
]
MachinePath = Annotated[
    str,
    matching(r"/[A-Za-z0-9._+@/-]*", "a path on the machine that begins with '/'", longest=200),
    AfterValidator(lambda path: path if path == "/" else _no_dots(path)),
]
ContentTarget = Annotated[MachinePath, AfterValidator(_content_target)]
KeptPath = Annotated[MachinePath, AfterValidator(_kept)]
PagePath = Annotated[str, matching(r"/[!-~]*", "a path of the service's own pages, such as '/'", longest=500)]
HttpsUrl = Annotated[str, AfterValidator(_https)]
GitUrl = Annotated[
    str, matching(r"(https?|file|ssh)://[!-~]+", "the address of a git repository, https://…", longest=500)
]
GitRef = Annotated[
    str,
    matching(r"[A-Za-z0-9](?:[A-Za-z0-9_/-]|\.(?!\.)){0,99}", "a branch, tag or commit", longest=100),
]
License = Annotated[
    str,
    matching(
        r"[A-Za-z0-9][A-Za-z0-9.+-]*(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*){0,7}",
        "an SPDX licence id",
        longest=200,
    ),
]
MailAddress = Annotated[str, matching(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,180}", "a mail address", longest=254)]
User = Annotated[str, matching(r"[a-z_][a-z0-9_-]{0,31}", "the name of an account on the machine", longest=32)]
Cron = Annotated[
    str, matching(r"[0-9*,/-]+(?: [0-9*,/-]+){4}", "five fields as in a crontab, such as '5 0 * * *'", longest=100)
]
SystemName = Annotated[
    str, matching(r"[a-z]+:[0-9][0-9.]*", "a system and its version, such as 'debian:12'", longest=40)
]
