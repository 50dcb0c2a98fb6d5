"""How a program of ours fails: an exit code for the portal, a word for the status file, a sentence for the log."""

from __future__ import annotations

import errno
import signal
import sys
import traceback
from enum import IntEnum
from typing import Callable


class Why(IntEnum):
    """Exit codes. The name in lower case with hyphens is the word that `content` tells as `problem`."""

    NO_SUCH_COMMIT = 10
    ACCESS_REFUSED = 11
    TOO_BIG = 12
    BAD_CONTENT = 13
    UNREACHABLE = 14
    OUT_OF_TIME = 15
    HOOK_FAILED = 16
    DISK_FULL = 17
    HISTORY_REWRITTEN = 18
    NOTHING_THERE = 19
    BAD_PARAMETERS = 20
    OVERLAP = 21
    ENDED = 143

    @property
    def word(self) -> str:
        """As told."""
        return self.name.lower().replace("_", "-")


class Failed(Exception):  # noqa: N818 - told by its code
    """The program cannot do what it is for."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.word}: {detail}" if detail else why.word)
        self.why = why
        self.detail = detail


def translated(error: OSError) -> Failed:
    """An operating system error by the name that we have for it."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Failed(Why.DISK_FULL if full else Why.BAD_CONTENT, str(error))


def reported(work: Callable[[], None]) -> int:
    """Do the work; tell in one line how it failed. Returns the exit code."""
    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGALRM, late)
    try:
        work()
    except Failed as failed:
        print(f"fairground: {failed}", flush=True)
        return failed.why
    except OSError as error:
        traceback.print_exc(file=sys.stdout)
        return translated(error).why
    finally:
        signal.alarm(0)
    return 0


def ended(*_: object) -> None:
    """Somebody wants us to end (the job was ended, or its deadline came)."""
    raise Failed(Why.ENDED, "told to end")


def late(*_: object) -> None:
    """The alarm."""
    raise Failed(Why.OUT_OF_TIME)
