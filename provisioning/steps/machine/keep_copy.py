"""Copies of a service that runs: one each night, and whenever somebody asks."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

from provisioning.errors import GiveUp, NotYet, Stop, TryAgain
from provisioning.step import DueCopy, MachineJob
from provisioning.steps.copying import Making, make_copy, room_for
from provisioning.steps.machine.jobs import look

TRY_FOR = timedelta(hours=1)
"""For as long it is tried again while the machine or the place of copies cannot be reached."""
LOOK_AGAIN = timedelta(seconds=1)


class KeepCopy:
    """The copy that is due is made, or it is told why not. Never a reason to stop a service that runs."""

    name = "keep_copy"

    def done(self, job: MachineJob) -> bool:
        due = job.due_copy
        if due is None:
            return True
        try:
            job.book.kept(due, make_copy(_making(job, due)))
        except NotYet as stop:
            raise NotYet(stop.code, after=LOOK_AGAIN if stop.after is None else stop.after, **stop.params) from stop
        except (TryAgain, GiveUp) as stop:
            return _passed_over(job, due, stop)
        with suppress(Stop):  # it is thrown away before the next is made, too
            job.far.call("copy-fetched", {"out": _making(job, due).out}, within=job.within)
        return True

    def push(self, job: MachineJob) -> None:
        """`done` does it all."""


def _making(job: MachineJob, due: DueCopy) -> Making:
    assert job.manifest.archive is not None  # else none is due
    return Making(
        job=due.job,
        name=due.name,
        archive=job.manifest.archive,
        remote=job.far,
        vault=job.vault,
        look=partial(look, job, due.job),
        within=job.within,
        alive=job.alive,
        room=room_for(job.manifest),
        most=due.most,
    )


def _passed_over(job: MachineJob, due: DueCopy, stop: Stop) -> bool:
    """What may pass is tried again at the next regular looks; all else is written down, with what was fetched thrown away."""
    if isinstance(stop, GiveUp) or job.at - due.at >= TRY_FOR:
        with suppress(TryAgain):  # what is left of it is cleared away later
            job.vault.drop(due.name)
        job.book.not_kept(due, stop)
    return True
