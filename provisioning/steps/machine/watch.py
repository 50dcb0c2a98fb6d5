"""That a machine which was set up is still there."""

from datetime import timedelta

from provisioning.driver import Cuttable
from provisioning.driver import Seen as SeenAs
from provisioning.errors import Blame, GiveUp, NotYet, TryAgain
from provisioning.step import MachineJob
from provisioning.steps.machine.absence import look, prove_absence
from provisioning.steps.words import ANOTHER, DIED

CANNOT_CUT_LOOK = timedelta(minutes=5)


class StillThere:
    """The fabric runs it, on its network. One that merely stopped is started again: its data is on it."""

    name = "still_there"

    def done(self, job: MachineJob) -> bool:
        sighting = job.driver.see(job.key, within=job.within)
        if sighting.seen.is_lost:
            prove_absence(job, sighting)
            raise GiveUp(DIED, blame=Blame.FABRIC)
        job.book.saw(sighting)
        if sighting.denies(job.enrolled_key):
            raise GiveUp(ANOTHER, blame=Blame.FABRIC)
        match sighting.seen:
            case SeenAs.RUNNING:
                return sighting.on_network
            case SeenAs.STARTING:
                raise NotYet("machine-is-starting")
            case _:
                return False

    def push(self, job: MachineJob) -> None:
        job.book.saw(job.driver.ensure(job.spec, job.identity, within=job.within))


class Seen:
    """What a failed machine is at is known, so that its deployment can decide. What is on it can be reached."""

    name = "seen"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None:
            return True
        sighting = look(job)
        if sighting.seen.is_lost:
            prove_absence(job, sighting)
            return True
        job.book.saw(sighting)
        return sighting.on_network and sighting.seen != SeenAs.STOPPED

    def push(self, job: MachineJob) -> None:
        """Its service was suspended and is no longer, or it switched itself off: its copy is fetched from it."""
        job.book.saw(job.driver.ensure(job.spec, job.identity, within=job.within))


class CutOff:
    """It is on no network, because its service was suspended. What is on it stays as it is."""

    name = "cut_off"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None:
            return True
        sighting = look(job)
        if sighting.seen.is_lost:
            prove_absence(job, sighting)
            return True
        job.book.saw(sighting)
        return not sighting.on_network

    def push(self, job: MachineJob) -> None:
        if not isinstance(job.driver, Cuttable):
            raise TryAgain("network-cannot-be-cut", blame=Blame.FABRIC, after=CANNOT_CUT_LOOK)
        job.driver.cut(job.key, within=job.within)
