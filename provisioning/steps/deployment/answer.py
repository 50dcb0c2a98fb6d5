"""That the service answers: the only meaning of ready, and later of healthy."""

from datetime import timedelta

from catalog.manifest import Probe
from provisioning.driver import Endpoint
from provisioning.errors import Blame, GiveUp, NotYet, Stop
from provisioning.step import Answer, DeploymentJob
from provisioning.steps.paths import ENV_FILE

BETWEEN_ANSWERS = timedelta(seconds=0.1)
CHECK_TIME = 10.0
"""Seconds that a program of the app gets to say whether it is well: as long as somebody waits for a page."""
MOST_SAID = 200


class AnswerAtMachine:
    """The app's page answers at the machine itself, before anybody can see it."""

    name = "answer_at_machine"

    def done(self, job: DeploymentJob) -> bool:
        probe = job.manifest.probe
        answer = _program_says(job, probe.run) if probe.run else _answer(job, upstream(job), probe)
        return answer.ok or _wait(job, answer)

    def push(self, job: DeploymentJob) -> None:
        """Nobody can make a page answer by asking harder; the machine keeps its programs alive by itself."""


class AnswerAtAddress:
    """The page answered at its public address, as often in a row as the manifest wants, and held what it says."""

    name = "answer_at_address"

    def done(self, job: DeploymentJob) -> bool:
        answer = _at_address(job, job.manifest.probe)
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
        answer = _at_address(job, job.manifest.live_probe)
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


def _at_address(job: DeploymentJob, probe: Probe) -> Answer:
    """As a visitor would; where a program is to be asked, it must say yes, and the address must lead to the service."""
    if probe.run is None:
        return _answer(job, job.door, probe)
    led = _answer(job, job.door, probe.model_copy(update={"run": None, "tcp": job.manifest.primary_port.number}))
    return _program_says(job, probe.run) if led.ok else led


def _answer(job: DeploymentJob, endpoint: Endpoint, probe: Probe) -> Answer:
    return job.prober.ask(endpoint, job.host, probe, within=job.within)


def _program_says(job: DeploymentJob, path: str) -> Answer:
    """What a program of the app says on the machine. One that cannot be asked is no answer, as a page that cannot be reached."""
    given = {"path": path, "env_file": ENV_FILE, "timeout": min(CHECK_TIME, max(1.0, job.within - 5))}
    remote = next((machine.remote() for machine in job.of_role("main")), None)
    try:
        told = remote.call("check", given, within=job.within) if remote else {"said": "nobody knows where it is"}
    except Stop as stop:
        return Answer(False, why=stop.code)
    said = "".join(letter for letter in str(told.get("said", "")) if letter.isprintable())[-MOST_SAID:]
    is_well = told.get("code") == 0
    return Answer(is_well, why="" if is_well else f"{path} ended with {told.get('code')}: {said}")


def _wait(job: DeploymentJob, answer: Answer) -> bool:
    """Wait for a good answer until the manifest's deadline."""
    if job.at - job.waiting_since < job.manifest.probe.deadline:
        raise NotYet("no-good-answer-yet", why=answer.why)
    raise GiveUp("never-answered", blame=Blame.APP, why=answer.why, status=answer.status)
