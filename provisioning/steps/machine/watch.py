"""That a machine which was set up is still there."""

from provisioning.driver import Seen as SeenAs
from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.step import MachineJob
from provisioning.steps.machine.absence import prove_absence
from provisioning.steps.words import DIED


class StillThere:
    """The fabric runs it. One that merely stopped is started again: its data is on it."""

    name = "still_there"

    def done(self, job: MachineJob) -> bool:
        sighting = job.driver.see(job.key, within=job.within)
        if sighting.seen.is_lost:
            prove_absence(job, sighting)
            raise GiveUp(DIED, blame=Blame.FABRIC)
        job.book.saw(sighting)
        match sighting.seen:
            case SeenAs.RUNNING:
                return True
            case SeenAs.STARTING:
                raise NotYet("machine-is-starting")
            case _:
                return False

    def push(self, job: MachineJob) -> None:
        job.book.saw(job.driver.ensure(job.spec, job.identity, within=job.within))


class Seen:
    """What a failed machine is at is known, so that its deployment can decide."""

    name = "seen"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None:
            return True
        sighting = job.driver.see(job.key, within=job.within)
        if sighting.seen.is_lost:
            prove_absence(job, sighting)
        else:
            job.book.saw(sighting)
        return True

    def push(self, job: MachineJob) -> None:
        """Only a look."""
