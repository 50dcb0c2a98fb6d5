"""That a machine ends by itself when the portal is gone for long."""

from provisioning.step import MachineJob
from provisioning.steps.machine.make_own import StartPrograms


class EndsItself:
    """It knows when that is; and if the portal was gone for so long that the app was ended, it runs again."""

    name = "ends_itself"

    def done(self, job: MachineJob) -> bool:
        return job.told_end == job.ends_itself_at

    def push(self, job: MachineJob) -> None:
        if tell_end(job):
            StartPrograms().push(job)
            tell_end(job, begun_anew=True)
        job.book.ends_itself(job.ends_itself_at)


def tell_end(job: MachineJob, *, begun_anew: bool = False) -> bool:
    """Say when; return whether it has ended by itself. It switches itself off only where it can be switched on again."""
    switch_off = job.driver.capabilities.may_switch_off
    given = {"at": job.ends_itself_at.timestamp(), "switch_off": switch_off, "begun_anew": begun_anew}
    return bool(job.far.call("end-itself", given, within=job.within).get("had_ended"))
