"""How the command line talks: short lines, with the seconds since it began."""

import os
import sys
import time

_BEGAN = time.monotonic()


class HaltError(Exception):
    """The command cannot go on. The text tells the person what happened and what to do."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {text}", flush=True)


def many(n: int, one: str, more: str) -> str:
    """A number with its word: "1 copy", "3 copies"."""
    return f"{n} {one if n == 1 else more}"


def agree(changes: list[str], *, yes: bool) -> None:
    """Tell what will change on this system, and ask once. Raises HaltError without a yes."""
    if not changes:
        return
    print("Fairground will change this on the system:")
    for change in changes:
        print(f"  - {change}")
    if yes:
        return
    if not somebody_is_there():
        raise HaltError("Nobody is there to agree; --yes does so beforehand. Nothing was changed.")
    if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise HaltError("Nothing was changed.")


def somebody_is_there() -> bool:
    """Whether a question would be read. Standard input may be closed altogether."""
    return sys.stdin is not None and sys.stdin.isatty()


def is_root() -> bool:
    """Whether packages may be installed and an engine of our own may be run."""
    return os.geteuid() == 0
