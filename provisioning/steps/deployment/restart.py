"""What is done by itself about a service that does not answer."""

from datetime import timedelta

from provisioning.errors import Stop
from provisioning.step import DeploymentJob, Exited, RemoteJob
from provisioning.steps.deployment.jobs import look
from provisioning.steps.paths import ENV_FILE, SERVICE

RESTART_TIME = timedelta(minutes=5)


class RestartSilent:
    """Where the app brings a program for it (`[health.live] restart`), it has run, once in each silence."""

    name = "restart_silent"

    def done(self, job: DeploymentJob) -> bool:
        machines = job.of_role("main")
        is_wanted = job.manifest.health.live.restart is not None and job.silent_since is not None
        remote = machines[0].remote() if machines and is_wanted else None
        if remote is None:
            return True
        try:
            seen = look(job, machines[0], remote, self._job(job))
        except Stop:
            return True  # it cannot be asked now; whether its machine is there, others look
        if seen is not None:
            job.book.restarted(code=seen.code if isinstance(seen, Exited) else 0)
        return seen is not None

    def push(self, job: DeploymentJob) -> None:
        remote = job.of_role("main")[0].remote()
        if remote is not None:
            argv = (f"{SERVICE}/{job.manifest.health.live.restart}",)
            restart = RemoteJob(self._job(job), argv, SERVICE, ENV_FILE, timeout=RESTART_TIME, safe_to_repeat=False)
            remote.start(restart, within=job.within)

    def _job(self, job: DeploymentJob) -> str:
        return f"restart-{job.silent_since:%Y%m%dt%H%M%S%f}"
