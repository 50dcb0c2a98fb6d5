"""That the service answers: the only meaning of ready, and later of healthy."""

from datetime import timedelta

from provisioning.driver import Endpoint
from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.step import Answer, DeploymentJob

BETWEEN_ANSWERS = timedelta(seconds=0.3)


class AnswerAtMachine:
    """The app's page answers at the machine itself, before anybody can see it."""

    name = "answer_at_machine"

    def done(self, job: DeploymentJob) -> bool:
        answer = job.prober.ask(upstream(job), job.host, job.manifest.probe, within=job.within)
        return answer.ok or _wait(job, answer)

    def push(self, job: DeploymentJob) -> None:
        """Nobody can make a page answer by asking harder; the machine keeps its programs alive by itself."""


class AnswerAtAddress:
    """The page answered at its public address, as often in a row as the manifest wants, and held what it says."""

    name = "answer_at_address"

    def done(self, job: DeploymentJob) -> bool:
        answer = job.prober.ask(job.door, job.host, job.manifest.probe, within=job.within)
        if not answer.ok:
            job.book.missed(answer)
            return _wait(job, answer)
        job.book.answered(answer)
        if job.answered_times + 1 < job.manifest.probe.successes:
            raise NotYet("answered-once", after=BETWEEN_ANSWERS)
        return True

    def push(self, job: DeploymentJob) -> None:
        """See AnswerAtMachine."""


class StillAnswers:
    """A ready service still answers. When it does not, that is health, not a phase."""

    name = "still_answers"

    def done(self, job: DeploymentJob) -> bool:
        answer = job.prober.ask(job.door, job.host, job.manifest.live_probe, within=job.within)
        note = job.book.answered if answer.ok else job.book.missed
        note(answer)
        return True

    def push(self, job: DeploymentJob) -> None:
        """Nothing to ask for: `done` is only a look."""


def upstream(job: DeploymentJob) -> Endpoint:
    """Where the primary port of the main machine is reached from the portal's host."""
    for machine in job.of_role("main"):
        if machine.upstream is not None:
            return machine.upstream
    raise NotYet("no-address-on-the-machine")


def _wait(job: DeploymentJob, answer: Answer) -> bool:
    """Wait for a good answer until the manifest's deadline."""
    if job.at - job.waiting_since < job.manifest.probe.deadline:
        raise NotYet("no-good-answer-yet", why=answer.why)
    raise GiveUp("never-answered", blame=Blame.APP, why=answer.why, status=answer.status)
