"""How a deployment's step looks at a job on one of its machines."""

from provisioning.step import DeploymentJob, Exited, MachineView, Peek, Remote, Running


def look(job: DeploymentJob, machine: MachineView, remote: Remote, name: str, *, wait: float = 0) -> Peek:
    """Look, and keep what it printed."""
    log = job.book.log_of(machine.key)
    seen = remote.peek(name, offset=log.log_offset(name), wait=wait, within=job.within)
    if isinstance(seen, Running | Exited):
        log.log(name, seen.offset, seen.log)
    return seen
