"""What a step is, and what it may touch while it works.

A step is one thing that must be true. `done` looks; `push` asks for it. Either may be cut off at any line and run again.
Steps know no rows: what they learn or decide goes through a book, which the reconciler implements with guarded writes.
"""

from typing import Protocol, TypeVar

from provisioning.step.deployment_job import DeploymentBook, DeploymentJob, MachineView
from provisioning.step.doors import Answer, Copy, DueCopy, FrontDoor, Prober, RouteLine, Vault
from provisioning.step.machine_job import LogBook, MachineBook, MachineJob, Source
from provisioning.step.remote import Broken, Exited, MachineFacts, Peek, Remote, RemoteJob, Running

__all__ = [
    "Answer",
    "Broken",
    "Copy",
    "DeploymentBook",
    "DeploymentJob",
    "DueCopy",
    "Exited",
    "FrontDoor",
    "LogBook",
    "MachineBook",
    "MachineFacts",
    "MachineJob",
    "MachineView",
    "Peek",
    "Prober",
    "Remote",
    "RemoteJob",
    "RouteLine",
    "Running",
    "Source",
    "Step",
    "Vault",
]

J_contra = TypeVar("J_contra", contravariant=True)


class Step(Protocol[J_contra]):
    """One thing that must be true on the way to ready, or to gone."""

    name: str

    def done(self, job: J_contra) -> bool:
        """Look. True: go on to the next step. False: `push`. Raises a Stop when it is neither."""

    def push(self, job: J_contra) -> None:
        """Ask for it. Quick, and harmless when asked twice."""
