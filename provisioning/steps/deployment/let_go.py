"""That nothing is left."""

from datetime import timedelta

from provisioning.errors import NotYet
from provisioning.phases import Settled
from provisioning.step import DeploymentJob
from provisioning.steps.deployment.machines import replace
from provisioning.steps.words import DIED

WOKEN_BEFORE = timedelta(seconds=30)


class LetGoOfLost:
    """A failed deployment keeps nothing of machines that are not there any more."""

    name = "let_go_of_lost"

    def done(self, job: DeploymentJob) -> bool:
        return not [machine for machine in job.of_role("main") if machine.problem == DIED and machine.is_lost]

    def push(self, job: DeploymentJob) -> None:
        for machine in job.of_role("main"):
            if machine.problem == DIED and machine.is_lost:
                replace(job, machine)


class KeepForALook:
    """A failed deployment keeps its machine for a while, so that somebody can look and try again."""

    name = "keep_for_a_look"

    def done(self, job: DeploymentJob) -> bool:
        if job.machines and job.at < job.look_until:
            raise NotYet("kept-for-a-look", after=job.look_until - job.at)
        return True

    def push(self, job: DeploymentJob) -> None:
        """Time passes by itself."""


class LetGo:
    """All machines are gone."""

    name = "let_go"

    def done(self, job: DeploymentJob) -> bool:
        if not job.machines:
            return True
        if all(machine.wanted == "gone" for machine in job.machines):
            raise NotYet("machines-are-leaving", after=WOKEN_BEFORE)
        return False

    def push(self, job: DeploymentJob) -> None:
        for machine in job.machines:
            if machine.wanted == "up" and machine.settled != Settled.NOT_YET:
                job.book.let_go(machine.key)


class Forget:
    """Keys, parameters and first passwords are gone too."""

    name = "forget"

    def done(self, job: DeploymentJob) -> bool:
        return job.is_forgotten

    def push(self, job: DeploymentJob) -> None:
        job.book.forget()
