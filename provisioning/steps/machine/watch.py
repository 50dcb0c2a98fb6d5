"""That a machine which was set up is still there."""

from provisioning.driver import Seen as SeenAs
from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.step import MachineJob
from provisioning.steps.words import DIED


class StillThere:
    """The fabric runs it. One that merely stopped is started again: its data is on it."""

    name = "still_there"

    def done(self, job: MachineJob) -> bool:
        sighting = job.driver.see(job.key, within=job.within)
        job.book.saw(sighting)
        match sighting.seen:
            case SeenAs.RUNNING:
                return True
            case SeenAs.STARTING:
                raise NotYet("machine-is-starting")
            case SeenAs.STOPPED:
                return False
            case _:
                raise GiveUp(DIED, blame=Blame.FABRIC)

    def push(self, job: MachineJob) -> None:
        job.book.saw(job.driver.ensure(job.spec, job.identity, within=job.within))


class Seen:
    """What a failed machine is at is known, so that its deployment can decide."""

    name = "seen"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is not None:
            job.book.saw(job.driver.see(job.key, within=job.within))
        return True

    def push(self, job: MachineJob) -> None:
        """Only a look."""
