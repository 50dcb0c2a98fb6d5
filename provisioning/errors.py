"""Why a pass ends early, named by what happens next.

A stop carries a code and parameters; the sentence is made from them where a person reads it (`portal/words.py`).
Anything that is not a `Stop` is a bug of ours: it is caught in one place, `reconciler/walk.py`.
"""

from datetime import timedelta
from enum import StrEnum


class Blame(StrEnum):
    """Whose move it is."""

    APP = "app"
    FABRIC = "fabric"
    PORTAL = "portal"
    PERSON = "person"


class Stop(Exception):  # noqa: N818 - a pass stops; most of the time nothing is wrong
    """A pass cannot go on. `params` are plain JSON values and never hold a secret."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({told})" if told else self.code


class NotYet(Stop):
    """Nothing is wrong; look again `after` (default: soon, then less and less often)."""

    def __init__(self, code: str, /, *, after: timedelta | None = None, **params: object) -> None:
        super().__init__(code, **params)
        self.after = after


class TryAgain(Stop):
    """Something failed that may well work next time."""

    def __init__(self, code: str, /, *, blame: Blame, after: timedelta | None = None, **params: object) -> None:
        super().__init__(code, **params)
        self.blame = blame
        self.after = after


class GiveUp(Stop):
    """Trying again by ourselves would not help."""

    def __init__(self, code: str, /, *, blame: Blame, **params: object) -> None:
        super().__init__(code, **params)
        self.blame = blame
