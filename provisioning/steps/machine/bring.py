"""The service: its code at the pinned commit, and its installer. No value of any deployment is known here."""

from datetime import timedelta

from provisioning.errors import Blame
from provisioning.step import MachineJob
from provisioning.steps.machine.jobs import has_fetched, has_run, own_time, run, run_onboard
from provisioning.steps.paths import SERVICE

FETCH_PATIENCE = timedelta(minutes=5)


class FetchService:
    """The app's repository is checked out at the pinned commit."""

    name = "fetch_service"

    def done(self, job: MachineJob) -> bool:
        return has_fetched(job, self._jobs(job), "fetch-failed", Blame.PORTAL)

    def push(self, job: MachineJob) -> None:
        given = {
            "url": job.service.url,
            "commit": job.service.ref,
            "target": SERVICE,
            "timeout": own_time(FETCH_PATIENCE),
        }
        run_onboard(job, self._jobs(job)[0], "fetch-service", given | bearer(job), FETCH_PATIENCE)

    def _jobs(self, job: MachineJob) -> list[str]:
        return job.job_names(self.name, job.service.ref)


class Install:
    """The app's installer has run. It gets no value of the deployment, so its result may be kept as an image and reused."""

    name = "install"

    def done(self, job: MachineJob) -> bool:
        return has_run(job, self._job(job), "install-failed")

    def push(self, job: MachineJob) -> None:
        service = job.manifest.service
        job.far.call("announce", {"names": [daemon.name for daemon in job.manifest.processes]}, within=job.within)
        run(
            job,
            self._job(job),
            f"{SERVICE}/{service.install}",
            directory=SERVICE,
            timeout=service.timeout,
            safe_to_repeat=service.rerun == "safe",
        )

    def _job(self, job: MachineJob) -> str:
        return job.job_name(self.name, job.service.ref)


def bearer(job: MachineJob) -> dict[str, str]:
    """What lets this machine in at the portal's git door."""
    return {"bearer": job.service.bearer.reveal} if job.service.bearer else {}
