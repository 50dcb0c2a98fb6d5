"""To another place with all that is in it: a machine waits there, then the copy goes over, and nobody is led to the old one.

Until the new machine has answered, the old one holds everything, and its service goes back there whatever happens.
"""

from dataclasses import replace
from datetime import timedelta

from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.phases import Phase, Settled, Stand
from provisioning.step import DeploymentJob, MachineView
from provisioning.steps.deployment.answer import AnswerAtMachine
from provisioning.steps.deployment.settle import copy_of
from provisioning.steps.words import DIED

INSTALLED_LOOK = timedelta(seconds=5)
WOKEN_BEFORE = timedelta(seconds=30)
AT_MACHINE = AnswerAtMachine()


class NextMachine:
    """What is to move has a machine elsewhere that lacks nothing but its data; until then it runs on where it is."""

    name = "next_machine"

    def done(self, job: DeploymentJob) -> bool:
        coming = _next(job)
        if not job.is_to_move:
            return coming is None
        if coming is None or coming.phase == Phase.FAILED or coming.is_installed:
            return False
        raise NotYet("next-machine-is-being-set-up", after=INSTALLED_LOOK)

    def push(self, job: DeploymentJob) -> None:
        coming = _next(job)
        if not job.is_to_move:
            job.book.stay("", {})
        elif coming is None:
            job.book.need_next()
        elif coming.phase == Phase.FAILED:
            job.book.stay(coming.problem, coming.problem_params)
        else:
            job.book.move_over()


class HandOn:
    """What people have put into it is kept, and is what the next machine begins with."""

    name = "hand_on"

    def done(self, job: DeploymentJob) -> bool:
        return all(machine.settled != Settled.NOT_YET for machine in job.of_role("main"))

    def push(self, job: DeploymentJob) -> None:
        for machine in job.of_role("main"):
            if machine.is_lost or machine.phase == Phase.FAILED:
                raise GiveUp(
                    machine.problem or DIED, blame=Blame(machine.blame or Blame.FABRIC), **machine.problem_params
                )
            if not job.may_hold_data(machine):
                job.book.settle(machine.key, Settled.NEVER_LOADED)
            else:
                job.book.settle(machine.key, Settled.ARCHIVED, copy_of(job, machine), hand_on=True)


class NextReady:
    """The copy is on the next machine, and its programs run."""

    name = "next_ready"

    def done(self, job: DeploymentJob) -> bool:
        coming = _next(job)
        if coming is None:
            raise GiveUp(DIED, blame=Blame.FABRIC)
        if coming.phase == Phase.FAILED:
            raise GiveUp(coming.problem, blame=Blame(coming.blame), **coming.problem_params)
        if coming.phase != Phase.READY:
            raise NotYet("next-machine-is-being-set-up", after=WOKEN_BEFORE)
        return True

    def push(self, job: DeploymentJob) -> None:
        """Its own row does it."""


class AnswerAtNext:
    """The app's page answers there, before anybody is led to it."""

    name = "answer_at_next"

    def done(self, job: DeploymentJob) -> bool:
        coming = [replace(machine, stand=Stand.MAIN) for machine in job.standing(Stand.NEXT)]
        return AT_MACHINE.done(replace(job, machines=tuple(coming)))

    def push(self, job: DeploymentJob) -> None:
        """See AnswerAtMachine."""


class Swap:
    """The next machine is the one that visitors are led to; its service is opened as after any launch."""

    name = "swap"

    def done(self, job: DeploymentJob) -> bool:
        return _next(job) is None

    def push(self, job: DeploymentJob) -> None:
        job.book.swap()


class LetGoOfBefore:
    """It has moved and answered at its address: the machine that it came from goes. Its data was settled before the move."""

    name = "let_go_of_before"

    def done(self, job: DeploymentJob) -> bool:
        return not job.standing(Stand.BEFORE)

    def push(self, job: DeploymentJob) -> None:
        for machine in job.standing(Stand.BEFORE):
            job.book.let_go(machine.key)


def _next(job: DeploymentJob) -> MachineView | None:
    return next(iter(job.standing(Stand.NEXT)), None)
