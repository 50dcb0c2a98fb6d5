"""Reading what a machine says. It may be anybody's machine: nothing is believed, everything is bounded."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from provisioning.errors import Blame, GiveUp, Stop, TryAgain

SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NOISE = 32
"""Lines that a login shell may say before our answer."""

OURS = ("bad-input", "bad-env-file", "no-such-verb", "not-json")
THEIRS = ("no-such-user", "not-a-file")


def misbehaves(said: str) -> TryAgain:
    """The stop for an answer that is none."""
    return TryAgain("machine-misbehaves", blame=Blame.FABRIC, said=said)


def parse(out: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON line and the bytes behind it. A refusal is raised as the stop that it means."""
    for _ in range(NOISE):
        line, _, out = out.partition(b"\n")
        if line.startswith(b"{"):
            break
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise misbehaves("no answer") from error
    if not isinstance(answer, dict):
        raise misbehaves("no answer")
    if "error" in answer:
        raise refusal(answer["error"])
    return answer, out


def refusal(error: object) -> Stop:
    """What a machine's no means for us."""
    told = error if isinstance(error, dict) else {}
    code, detail = str(told.get("code", "")), plain(str(told.get("detail", "")))[:300]
    if code in OURS:
        return GiveUp("onboard-refused", blame=Blame.PORTAL, said=code, detail=detail)
    if code in THEIRS:
        return GiveUp(code, blame=Blame.APP, detail=detail)
    if code == "disk-full":
        return TryAgain("disk-full", blame=Blame.APP)
    return TryAgain("machine-refused", blame=Blame.FABRIC, said=code if SLUG.fullmatch(code) else "", detail=detail)


def number(answer: Mapping[str, Any], name: str) -> int:
    """A whole number that is not negative."""
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**62:
        raise misbehaves(name)
    return value


def text(answer: Mapping[str, Any], name: str, most: int = 200) -> str:
    """A short text without anything that does not print."""
    value = answer.get(name)
    if not isinstance(value, str):
        raise misbehaves(name)
    return plain(value)[:most]


def octets(answer: Mapping[str, Any], name: str, most: int) -> bytes:
    """Bytes that travelled as base64."""
    value = answer.get(name)
    if not isinstance(value, str) or len(value) > most * 4 // 3 + 4:
        raise misbehaves(name)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise misbehaves(name) from error


def plain(words: str) -> str:
    """Text as it may be shown: no control sequences, of a rewritten line only its last state, no hidden characters."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in SEQUENCES.sub("", words).split("\n")]
    return CONTROLS.sub("", "\n".join(lines))


def last_lines(raw: bytes, *, lines: int = 20, most: int = 2000) -> str:
    """The end of some output, for people."""
    return "\n".join(plain(raw.decode(errors="replace")).strip().split("\n")[-lines:])[-most:]
