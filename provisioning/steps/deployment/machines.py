"""A deployment's machines: that they are there, and what to do when one is not any more."""

from datetime import timedelta

from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.phases import Phase, Settled
from provisioning.step import DeploymentJob, MachineView
from provisioning.steps.deployment.publish import Unpublish
from provisioning.steps.words import DIED, FULL, REPLACED_ONCE, TAKEN

CLOSED = Unpublish()
WOKEN_BEFORE = timedelta(seconds=30)
"""A machine wakes its deployment whenever its phase changes; this look is only for the case that it could not."""


class Machines:
    """Every machine of every role is set up. (Format 1 knows one role with one machine.)"""

    name = "machines"

    def done(self, job: DeploymentJob) -> bool:
        main = job.of_role("main")
        if not main or main[0].is_another:
            return False
        if main[0].phase == Phase.READY:
            return main[0].on_network or self._gets_its_network_back()
        if main[0].phase == Phase.FAILED:
            return self._failed(job, main[0])
        raise NotYet("machine-is-being-set-up", after=WOKEN_BEFORE)

    def push(self, job: DeploymentJob) -> None:
        main = job.of_role("main")
        if not main:
            job.book.need_machine("main", 1)
        elif (
            main[0].is_another
            or main[0].problem in REPLACED_ONCE | TAKEN | {FULL}
            or job.manifest.service.rerun == "never"
        ):
            replace(job, main[0])
            if not main[0].can_try_again and main[0].problem in REPLACED_ONCE:
                job.book.replaced()
        else:
            job.book.try_again(main[0].key)

    def _gets_its_network_back(self) -> bool:
        raise NotYet("machine-gets-its-network-back")

    def _failed(self, job: DeploymentJob, machine: MachineView) -> bool:
        by_itself = job.may_replace and machine.problem in REPLACED_ONCE and not job.may_hold_data(machine)
        if machine.can_try_again or machine.problem in TAKEN or by_itself:
            return False
        raise GiveUp(machine.problem, blame=Blame(machine.blame), **machine.problem_params)


class MachinesStillReady:
    """A ready deployment's machine has not died."""

    name = "machines_still_ready"

    def done(self, job: DeploymentJob) -> bool:
        main = job.of_role("main")
        if main and main[0].phase == Phase.READY:
            return True
        if job.may_relaunch:
            return False
        if main and main[0].problem:
            raise GiveUp(main[0].problem, blame=Blame(main[0].blame), **main[0].problem_params)
        raise GiveUp(DIED, blame=Blame.FABRIC)

    def push(self, job: DeploymentJob) -> None:
        for machine in job.of_role("main"):
            replace(job, machine)
        job.book.relaunch()


def replace(job: DeploymentJob, machine: MachineView) -> None:
    """Let a machine go whose place a new one will take. Raises GiveUp while something on it may be worth a copy.

    First nobody is led there any more: its address may be somebody else's as soon as it is gone.
    """
    if not job.may_hold_data(machine):
        job.book.settle(machine.key, Settled.NEVER_LOADED)
    elif machine.is_lost:
        job.book.settle(machine.key, Settled.LOST)
    else:
        raise GiveUp(machine.problem, blame=Blame(machine.blame), **machine.problem_params)
    if not CLOSED.done(job):
        CLOSED.push(job)
    job.book.let_go(machine.key)
