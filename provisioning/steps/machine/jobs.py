"""How a step has a program run on the machine and finds out how it ended."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.step import Broken, Exited, MachineJob, RemoteJob

ONBOARD = "/opt/fairground/current/onboard"
GIVEN = "/var/lib/fairground/given"
ENV_FILE = "/var/lib/fairground/env.json"
"""What `configure`, the programs and the hooks find in their environment: name → text."""
SERVICE = "/srv/fairground/service"
"""The app's checkout on the machine."""


def has_run(job: MachineJob, name: str, failure: str, blame: Blame = Blame.APP) -> bool:
    """Look at a remote job and keep what it printed. False = never started.

    Raises NotYet while it runs, GiveUp(failure) when it ended badly or nobody can say how.
    """
    match job.far.peek(name, offset=job.book.log_offset(name), wait=1.0, within=job.within):
        case None:
            return False
        case Exited(code=code) as ended:
            job.book.log(name, ended.offset, ended.log)
            if code:
                raise GiveUp(failure, blame=blame, code=code, tail=ended.tail)
            return True
        case Broken(why=why):
            raise GiveUp(failure, blame=Blame.FABRIC, code=-1, tail=why)
        case running:
            job.book.log(name, running.offset, running.log)
            raise NotYet("a-program-is-running")


def run(job: MachineJob, name: str, *argv: str, **how: Any) -> None:
    """Start a program under this job name; a no-op if it was started before."""
    job.far.start(RemoteJob(name, argv, **how), within=job.within)


def run_onboard(job: MachineJob, name: str, program: str, given: Mapping[str, Any], timeout: timedelta) -> None:
    """Start one of our own programs. What it is given goes as a 0600 file, because a command line can be read by all."""
    path = f"{GIVEN}/{name}.json"
    job.far.put(path, json.dumps(given).encode(), within=job.within)
    run(job, name, ONBOARD, program, path, timeout=timeout)
