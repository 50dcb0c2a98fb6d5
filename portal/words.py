"""What people read: one sentence per problem, two lines per step, one word per phase.

A problem is told in three parts: what happened, what is safe, what you can do. `tests/portal/test_words.py` walks every
code that a step, a fabric or the admission can stop with and fails when one has no sentence here.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.plain import readable
from portal.sentences import ANSWERS, CONTENT, PROBLEMS, STEPS, WAITS
from provisioning.errors import Blame
from provisioning.phases import Phase, Reason

Words = str | Promise


@dataclass(frozen=True)
class Told:
    """A problem as a person reads it."""

    happened: str
    safe: str
    can: str
    tail: str = ""
    """The last lines of the program that stopped, if one did."""


SAFE: Mapping[bool, Words] = {
    False: _("Your event and your other services are fine, and nothing was lost."),
    True: _("What people have put into it is untouched."),
}
"""What is safe, by whether it was ever open."""

CAN: Mapping[str, Words] = {
    Blame.APP: _(
        "You can try again from here. If it stops at the same place again, the app itself needs mending; "
        "what its installer said is in the details."
    ),
    Blame.FABRIC: _("This is not your fault. You can try again from here."),
    Blame.PORTAL: _("This was our mistake, and it has been reported. You can try again from here."),
    Blame.PERSON: _("You can put it right and try again; everything else you gave is still here."),
    "": _("You can try again from here."),
}
"""What you can do, by whose move it is."""

PHASES: Mapping[str, Words] = {
    Phase.WAITING: _("waiting for room"),
    Phase.BUILDING: _("being set up"),
    Phase.READY: _("open"),
    Phase.FAILED: _("did not start"),
    Phase.RETIRING: _("being packed away"),
    Phase.GONE: _("ended"),
}
SILENT: Words = _("not answering")
SHUT: Words = _("taken off")

REASONS: Mapping[str, Words] = {
    Reason.TRICK: _("It asks for passwords or money under a false name"),
    Reason.HURTS: _("It hurts or threatens somebody"),
    Reason.RIGHTS: _("It shows what is private, or somebody else's"),
    Reason.OTHER: _("Something else"),
}
"""What a visitor finds wrong at an address."""


def problem(code: str, blame: str, params: Mapping[str, Any], *, was_open: bool, title: str) -> Told:
    """Tell a problem. A code that has no sentence is told as our mistake, never as a code."""
    happened = PROBLEMS.get(code, PROBLEMS["our-mistake"])
    told: Mapping[str, Any] = defaultdict(lambda: "…", {"title": title, **params})
    if "why" in told:
        told = defaultdict(lambda: "…", {**told, "why": answer(str(told["why"]))})
    tail = readable(str(params.get("tail", "")).encode())
    return Told(str(happened) % told, str(SAFE[was_open]), str(CAN.get(blame, CAN[""])), tail)


def answer(why: str) -> str:
    """Say what was wrong with an answer. What has no sentence is the words of a program, and is told as it is."""
    found = ((re.fullmatch(pattern, why, re.DOTALL), said) for pattern, said in ANSWERS.items())
    return next((str(said) % match.groupdict() for match, said in found if match), why)


def content_trouble(code: str) -> str:
    """Say why newer content is not in; nothing if it is."""
    return str(CONTENT.get(code, _("New content could not be fetched."))) if code else ""


def step(name: str, *, is_done: bool, told: Mapping[str, Any]) -> str:
    """Tell a step, while it is being made true or since it is."""
    return str(STEPS[name][is_done]) % defaultdict(lambda: "…", told)


def waiting(code: str, number: int) -> str:
    """Tell somebody who waits for room why, and how long the line is."""
    line = _("You are number %(number)d in line. It starts by itself as soon as there is room.") % {"number": number}
    return f"{WAITS[code]} {line}" if code in WAITS else str(line)
