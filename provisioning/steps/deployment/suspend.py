"""That nobody comes in and nothing out while a service is suspended, and that it opens again afterwards."""

from provisioning.step import DeploymentJob


class Shut:
    """Every machine is off its network; the machines do it, as soon as they are looked at."""

    name = "shut"

    def done(self, job: DeploymentJob) -> bool:
        if any(machine.on_network and not machine.is_lost for machine in job.machines):
            return False
        job.book.shut()
        return True

    def push(self, job: DeploymentJob) -> None:
        for machine in job.machines:
            if machine.on_network:
                job.book.look_at(machine.key)


class Reopened:
    """One that was suspended has answered since, in the way in which it was opened first."""

    name = "reopened"

    def done(self, job: DeploymentJob) -> bool:
        return not job.was_shut

    def push(self, job: DeploymentJob) -> None:
        job.book.relaunch()
