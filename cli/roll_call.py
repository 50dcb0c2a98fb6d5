"""`./fairground roll-call`: heads are counted on both sides, and laid beside each other."""

import json
from typing import Any

from cli import venv
from cli.home import settings_file
from cli.manage import manage
from cli.talk import HaltError

LEAST = 12
"""Width of the places' names."""


def roll_call() -> int:
    """Print both sides; 0 only if every place answers and all agree. Raises HaltError."""
    must_be_there()
    places = [json.loads(line) for line in manage("roll_call").splitlines()]
    for line in lines(places):
        print(line)
    return 0 if all(agrees(told) for told in places) else 1


def must_be_there() -> None:
    """Raises HaltError where no portal was ever set up."""
    if not venv.PYTHON.exists() or not settings_file().exists():
        raise HaltError("There is no portal here yet, so there is nobody to count. `./fairground up` makes it.")


def agrees(told: dict[str, Any]) -> bool:
    """Whether a place answered in full, and says what we say."""
    return bool(told["complete"]) and not differing(told)


def differing(told: dict[str, Any]) -> list[str]:
    """Each machine that one side alone knows, in words."""
    strays = [f"{key}: they have it, we do not (a stray)" for key in told.get("strays", [])]
    return strays + [f"{key}: we have it, they do not (a ghost)" for key in told.get("ghosts", [])]


def lines(places: list[dict[str, Any]]) -> list[str]:
    """The table, and what follows from it."""
    if not places:
        return ["There is no place yet that machines could come from; `./fairground up` makes one, so does the desk."]
    wide = max(LEAST, *(len(told["place"]) for told in places))
    found = [f"{'':{wide}}  we say  they say"]
    for told in places:
        found += [f"{told['place']:{wide}}  {_figures(told)}", *(f"{'':{wide}}  {one}" for one in differing(told))]
    return [*found, _together(places)]


def _figures(told: dict[str, Any]) -> str:
    if "why" in told:
        return f"does not answer: {told['why']}"
    figures = f"{len(told['ours']):6}  {len(told['machines']):8}"
    if not told["complete"]:
        return f"{figures}  its list is not complete, so nothing follows from it"
    return f"{figures}  {'differ' if differing(told) else 'agree'}"


def _together(places: list[dict[str, Any]]) -> str:
    if all(agrees(told) for told in places):
        return f"Head count agreed: {sum(len(told['ours']) for told in places)} here and there."
    if any(differing(told) for told in places):
        return "Strays go by themselves after two counts; a ghost's service is looked at and set up again, or told to be lost."
    return "Nothing is lost by that; the head count is not whole. Ask again when every place answers."
