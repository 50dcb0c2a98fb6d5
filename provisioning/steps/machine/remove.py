"""From a machine to nothing."""

from contextlib import suppress
from datetime import timedelta

from provisioning.driver import Seen
from provisioning.errors import NotYet, Stop
from provisioning.phases import Settled
from provisioning.step import MachineJob
from provisioning.steps.machine.absence import prove_absence

UNSETTLED_LOOK = timedelta(minutes=1)


class EndJobs:
    """Nothing of ours works on it any more; best effort, because the machine goes anyway."""

    name = "end_jobs"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None or job.remote is None:
            return True
        with suppress(Stop):  # not reachable: it is about to be removed with all that runs on it
            job.remote.call("end-all", within=min(5.0, job.within))
        return True

    def push(self, job: MachineJob) -> None:
        """`done` does it."""


class Remove:
    """The fabric was asked to remove it; refused while its data is not settled."""

    name = "remove"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None:
            return True
        if job.settled == Settled.NOT_YET:
            raise NotYet("not-settled", after=UNSETTLED_LOOK)
        return job.removal_asked_at is not None

    def push(self, job: MachineJob) -> None:
        job.book.removal_asked()
        job.driver.remove(job.key, within=job.within)


class Absent:
    """The fabric says that it is not there, at a time when that proves something."""

    name = "absent"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None:
            return True
        sighting = job.driver.see(job.key, within=job.within)
        if sighting.seen != Seen.ABSENT:
            job.book.saw(sighting)
            return False
        prove_absence(job, sighting)
        return True

    def push(self, job: MachineJob) -> None:
        job.driver.remove(job.key, within=job.within)
