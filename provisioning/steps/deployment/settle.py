"""The answer to "may this machine's data go?"."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import NoReturn

from provisioning.errors import Blame, GiveUp, NotYet, Stop, TryAgain
from provisioning.phases import Settled
from provisioning.step import Copy, DeploymentJob, MachineView
from provisioning.steps.copying import DAMAGED, FETCHING, LONGEST, MAKING, Making, make_copy, room_for
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
                raise TryAgain(MISTAKE, blame=Blame.PORTAL)  # a try that meets one throws away all that it wrote
            job.book.settle(machine.key, Settled.ARCHIVED, copy_of(job, machine))
        except NotYet as stop:
            if stop.code == FETCHING:
                job.book.goes_on()
            elif job.at - job.waiting_since >= TRY_FOR + LONGEST:
                self._hold(job, machine, stop, Blame.FABRIC)
            raise
        except (TryAgain, GiveUp) as stop:
            job.book.look_at(machine.key)  # it may have stopped, and starts again by that; or be gone
            is_damaged_again = stop.code == job.problem == DAMAGED  # fetched twice: it was not the way here that did it
            if isinstance(stop, GiveUp) or is_damaged_again or job.at - job.waiting_since >= TRY_FOR:
                self._hold(job, machine, stop, stop.blame)
            raise

    def _hold(self, job: DeploymentJob, machine: MachineView, stop: Stop, blame: Blame) -> NoReturn:
        """Who was merely not to be reached goes on with the same copy; any other begins anew."""
        anew = isinstance(stop, GiveUp) or stop.code in (DAMAGED, MAKING)
        if anew:
            with suppress(Stop):  # what is left of it is cleared away later
                job.vault.drop(_name(job, machine))
        job.book.hold(machine.key, until=job.hold_until, anew=anew)
        raise TryAgain("copy-on-hold", blame=blame, after=ON_HOLD, why=stop.code, params=stop.params) from stop


def _name(job: DeploymentJob, machine: MachineView) -> str:
    """Of its copy in the vault."""
    return f"{job.name}-{machine.key[:8]}-{job.archive_name}.tar.gz"


def copy_of(job: DeploymentJob, machine: MachineView) -> Copy:
    """Archive on the machine, fetch, read back. Raises NotYet while any of it is going on."""
    remote = machine.remote()
    if remote is None or not machine.on_network:
        raise TryAgain("machine-not-reachable", blame=Blame.FABRIC)
    assert job.manifest.archive is not None  # the manifest has one, or says stateless
    name = job.archive_name
    given = Making(
        job=name,
        name=_name(job, machine),
        archive=job.manifest.archive,
        remote=remote,
        vault=job.vault,
        look=partial(look, job, machine, remote, name, wait=1.0),
        within=job.within,
        alive=job.alive,
        room=room_for(job.manifest),
    )
    return make_copy(given)
