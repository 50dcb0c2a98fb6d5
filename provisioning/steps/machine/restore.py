"""A kept copy is put up again: brought to the machine and unpacked, before the app is made this deployment's own."""

from datetime import timedelta

from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.step import Copy, MachineJob
from provisioning.steps.machine.jobs import has_run, run_onboard
from provisioning.steps.machine.make_own import put_values
from provisioning.steps.paths import ENV_FILE, RESTORES

SLICE = 4 << 20
"""Bytes brought in one call, as when a copy is fetched."""
COPY_LOOK = timedelta(seconds=2)
RESTORE_PATIENCE = timedelta(hours=1)


class Restore:
    """What the copy holds is where it was, and the app's own `restore` has run."""

    name = "restore"

    def done(self, job: MachineJob) -> bool:
        if job.awaits_copy:
            raise NotYet("copy-is-not-made-yet", after=COPY_LOOK)
        return job.copy is None or has_run(job, self._job(job), "restore-failed")

    def push(self, job: MachineJob) -> None:
        archive, copy = job.manifest.archive, job.copy
        assert archive is not None  # there is a copy of it
        assert copy is not None
        folder = f"{RESTORES}/{self._job(job)}"
        _bring(job, copy, folder)
        put_values(job)
        given = {"folder": folder, "sha256": copy.sha256, "restore": archive.restore, "env_file": ENV_FILE}
        asked = given | archive.model_dump(include={"paths", "exclude"})
        run_onboard(job, self._job(job), "restore", asked, RESTORE_PATIENCE)

    def _job(self, job: MachineJob) -> str:
        return job.job_name(self.name, job.copy.sha256 if job.copy else "")


def _bring(job: MachineJob, copy: Copy, folder: str) -> None:
    """Bring what is missing, a slice a look, so that a worker may die between any two."""
    have = int(job.far.call("brought", {"folder": folder}, within=job.within).get("size", 0))
    if have >= copy.size:
        return
    slice_ = job.vault.read(copy.name, have, SLICE)
    if not slice_:
        raise GiveUp("copy-is-not-there", blame=Blame.PORTAL)
    job.far.put(f"{folder}/{have:016d}", slice_, within=job.within)
    if have + len(slice_) < copy.size:
        raise NotYet("bringing-the-copy", after=timedelta(0), have=have + len(slice_), size=copy.size)
