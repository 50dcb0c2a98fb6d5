"""The answer to "may this machine's data go?"."""

from datetime import timedelta
from functools import partial

from provisioning.errors import Blame, GiveUp, TryAgain
from provisioning.phases import Settled
from provisioning.step import Copy, DeploymentJob, MachineView
from provisioning.steps.copying import Making, make_copy
from provisioning.steps.deployment.jobs import look
from provisioning.steps.words import MISTAKE

TRY_FOR = timedelta(hours=1)
"""How long a copy is tried for before the machine is put on hold and people are told."""
ON_HOLD = timedelta(hours=1)


class Settle:
    """Every machine's data is safe, or somebody said that it need not be."""

    name = "settle"

    def done(self, job: DeploymentJob) -> bool:
        return all(machine.settled != Settled.NOT_YET for machine in job.machines)

    def push(self, job: DeploymentJob) -> None:
        for machine in job.machines:
            if machine.settled == Settled.NOT_YET:
                self._settle(job, machine)

    def _settle(self, job: DeploymentJob, machine: MachineView) -> None:
        if not job.may_hold_data(machine):
            job.book.settle(machine.key, Settled.NEVER_LOADED)
        elif machine.is_lost:
            job.book.settle(machine.key, Settled.LOST)
        else:
            self._copy_or_hold(job, machine)

    def _copy_or_hold(self, job: DeploymentJob, machine: MachineView) -> None:
        try:
            if job.problem == MISTAKE and job.at - job.waiting_since >= TRY_FOR:
                raise TryAgain(
                    MISTAKE, blame=Blame.PORTAL
                )  # before the next try: what that writes a mistake throws away
            job.book.settle(machine.key, Settled.ARCHIVED, copy_of(job, machine))
        except (TryAgain, GiveUp) as stop:
            job.book.look_at(machine.key)  # it may have stopped, and starts again by that; or be gone
            tired = isinstance(stop, GiveUp) or job.at - job.waiting_since >= TRY_FOR
            if not tired:
                raise
            job.book.hold(machine.key, until=job.hold_until)
            raise TryAgain("copy-on-hold", blame=stop.blame, after=ON_HOLD, why=stop.code, params=stop.params) from stop


def copy_of(job: DeploymentJob, machine: MachineView) -> Copy:
    """Archive on the machine, fetch, read back. Raises NotYet while any of it is going on."""
    remote = machine.remote()
    if remote is None or not machine.on_network:
        raise TryAgain("machine-not-reachable", blame=Blame.FABRIC)
    assert job.manifest.archive is not None  # the manifest has one, or says stateless
    name = job.archive_name
    given = Making(
        job=name,
        name=f"{job.name}-{machine.key[:8]}-{name}.tar.gz",
        archive=job.manifest.archive,
        remote=remote,
        vault=job.vault,
        look=partial(look, job, machine, remote, name, wait=1.0),
        within=job.within,
        alive=job.alive,
    )
    return make_copy(given)
