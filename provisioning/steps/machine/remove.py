"""From a machine to nothing."""

from contextlib import suppress
from datetime import timedelta

from provisioning.driver import Seen
from provisioning.errors import Blame, GiveUp, NotYet, Stop
from provisioning.phases import Settled
from provisioning.step import MachineJob
from provisioning.steps.machine.absence import look, prove_absence
from provisioning.steps.machine.jobs import has_run, run
from provisioning.steps.paths import ENV_FILE, SERVICE

UNSETTLED_LOOK = timedelta(minutes=1)
TEARDOWN_TIME = timedelta(minutes=2)
"""What the manifest promises an app for its goodbye."""
TEARDOWN_PATIENCE = TEARDOWN_TIME + timedelta(minutes=1)
"""After that nobody waits for it any more, whatever the machine says."""
FAILED = "teardown-failed"


class Teardown:
    """The app has said goodbye where it must (`[teardown]`), once. Its data is safe by now.

    Best effort: a goodbye that fails, or that nobody can ask for, is told and passed over.
    """

    name = "teardown"

    def done(self, job: MachineJob) -> bool:
        is_there = job.remote is not None and job.sighting is not None and not job.sighting.seen.is_lost
        if job.manifest.teardown is None or not job.was_ready or not is_there:
            return True
        is_late = job.at - job.waiting_since >= TEARDOWN_PATIENCE
        try:
            return has_run(job, job.job_name(self.name), FAILED) or (is_late and self._pass_over(job, Blame.FABRIC))
        except GiveUp as stop:
            return self._pass_over(job, stop.blame, **stop.params)
        except Stop:
            if is_late:
                return self._pass_over(job, Blame.FABRIC)
            raise

    def push(self, job: MachineJob) -> None:
        assert job.manifest.teardown is not None
        run(
            job,
            job.job_name(self.name),
            f"{SERVICE}/{job.manifest.teardown.run}",
            directory=SERVICE,
            env_file=ENV_FILE,
            timeout=TEARDOWN_TIME,
            safe_to_repeat=False,
        )

    def _pass_over(self, job: MachineJob, blame: Blame, **params: object) -> bool:
        job.book.passed_over(FAILED, blame=blame, **params)
        return True


class Leave:
    """A trial goes by itself, whatever came of it."""

    name = "leave"

    def done(self, job: MachineJob) -> bool:
        return False

    def push(self, job: MachineJob) -> None:
        job.book.leave()


class EndJobs:
    """Nothing of ours works on it any more; best effort, because the machine goes anyway."""

    name = "end_jobs"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None or job.remote is None:
            return True
        with suppress(Stop):  # not reachable: it is about to be removed with all that runs on it
            job.remote.call("end-all", within=min(5.0, job.within))
        job.remote.hang_up()
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
        sighting = look(job)
        if sighting.seen != Seen.ABSENT:
            job.book.saw(sighting)
            return False
        prove_absence(job, sighting)
        return True

    def push(self, job: MachineJob) -> None:
        job.driver.remove(job.key, within=job.within)


class ForgetKeys:
    """Nothing of ours knows how to get there any more, and what has its address next is not taken for it."""

    name = "forget_keys"

    def done(self, job: MachineJob) -> bool:
        return not job.identity.login_key.reveal

    def push(self, job: MachineJob) -> None:
        job.book.forget_keys()
