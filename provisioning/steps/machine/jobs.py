"""How a step has a program run on the machine and finds out how it ended."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from provisioning.errors import Blame, GiveUp, NotYet, TryAgain
from provisioning.step import Broken, Exited, MachineJob, Peek, RemoteJob, Running
from provisioning.steps.paths import GIVEN, ONBOARD

MAY_PASS = frozenset({14, 15, 21, 124})
"""How our own programs end when it may go by itself: not reachable, out of time, another one at work, the job's deadline."""
LAST_WORDS = timedelta(seconds=30)
"""So long before its job's deadline a program of ours ends by itself, to put down what it has begun (a hook takes 10 s) and
say why."""
MOST_LOOKS = 20
"""Looks at the output of a job that has ended: 64 KiB each, and a machine keeps 1 MiB."""


def has_run(job: MachineJob, name: str, failure: str, blame: Blame = Blame.APP) -> bool:
    """Look at a remote job and keep what it printed. False = never started.

    Raises NotYet while it runs, GiveUp(failure) when it ended badly or nobody can say how.
    """
    match look(job, name):
        case None:
            return False
        case Exited(code=0):
            return True
        case Exited(code=code, tail=tail):
            raise GiveUp(failure, blame=blame, code=code, tail=tail)
        case Broken(why=why):
            raise GiveUp(failure, blame=Blame.FABRIC, code=-1, tail=why)
        case _:
            raise NotYet("a-program-is-running")


def has_fetched(job: MachineJob, names: Sequence[str], failure: str, blame: Blame) -> bool:
    """As `has_run`, for programs that use the network: what may pass is tried again, as another job.

    Not every try began one: it may have failed in looking only. What counts is the newest that was begun; False means that
    none is at work, and the job of this try, the first of the names, may begin.
    """
    for name in names:
        try:
            if has_run(job, name, failure, blame):
                return True
        except GiveUp as stop:
            if stop.params.get("code") not in MAY_PASS:
                raise
            if name == names[0]:
                raise TryAgain(failure, blame=blame, after=None, **stop.params) from stop
            return False
    return False


def look(job: MachineJob, name: str) -> Peek:
    """Look, and keep all the output there is of a job that has ended."""
    seen = job.far.peek(name, offset=job.book.log_offset(name), wait=1.0, within=job.within)
    for _ in range(MOST_LOOKS):
        if not isinstance(seen, Running | Exited):
            break
        job.book.log(name, seen.offset, seen.log)
        read = seen.offset + len(seen.log)
        if isinstance(seen, Running) or not seen.log or read >= seen.written:
            break
        seen = job.far.peek(name, offset=read, within=job.within)
    return seen


def run(job: MachineJob, name: str, *argv: str, **how: Any) -> None:
    """Start a program under this job name; a no-op if it was started before."""
    job.far.start(RemoteJob(name, argv, **how), within=job.within)


def own_time(deadline: timedelta) -> int:
    """Seconds that a program of ours gives itself in a job with this deadline."""
    return int((deadline - LAST_WORDS).total_seconds())


def run_onboard(job: MachineJob, name: str, program: str, given: Mapping[str, Any], timeout: timedelta) -> None:
    """Start one of our own programs. What it is given goes as a 0600 file, because a command line can be read by all."""
    path = f"{GIVEN}/{name}.json"
    job.far.put(path, json.dumps(given).encode(), within=job.within)
    run(job, name, ONBOARD, program, path, timeout=timeout)
