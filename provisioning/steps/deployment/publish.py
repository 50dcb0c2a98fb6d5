"""That the address leads to the machine, or nowhere any more."""

from dataclasses import replace

from provisioning.step import DeploymentJob
from provisioning.steps.deployment.answer import upstream


class Publish:
    """The front door leads the address to the machine. Asked of the door itself, not of our rows."""

    name = "publish"

    def done(self, job: DeploymentJob) -> bool:
        route = job.route()
        leads = replace(route, upstream=upstream(job))
        return route == leads and job.front_door.line(leads.name, within=job.within) == leads

    def push(self, job: DeploymentJob) -> None:
        # The row first: whoever repairs the door writes it from the rows.
        job.book.route(upstream(job))
        job.front_door.put(replace(job.route(), upstream=upstream(job)), within=job.within)


class StillPublished(Publish):
    """A ready deployment's line is as its row says; after a lost front door it is put back."""

    name = "still_published"


class Unpublish:
    """Nobody can come in any more."""

    name = "unpublish"

    def done(self, job: DeploymentJob) -> bool:
        route = job.route()
        return route.upstream is None and job.front_door.line(route.name, within=job.within) is None

    def push(self, job: DeploymentJob) -> None:
        job.book.unroute()
        job.front_door.drop(job.route().name, within=job.within)
