"""How full a machine's disk is. No engine here limits it, so it is watched."""

from provisioning.errors import Stop
from provisioning.step import MachineJob

NEARLY_FULL = 0.1
"""Of the room that the app asked for, so much or less is left."""
ROOM_AGAIN = 0.2
"""So much must be left before it is called nearly full a second time."""


class DiskWatched:
    """Whether the disk is nearly full is known, and told when it becomes so. Never a reason to stop anything."""

    name = "disk_watched"

    def done(self, job: MachineJob) -> bool:
        try:
            told = job.far.call("facts", within=job.within)
            total, free = int(told["disk_mib"]), int(told["disk_mib"]) - int(told["disk_used_mib"])
        except (Stop, KeyError, TypeError, ValueError, OverflowError):
            return True  # it cannot be asked now, or says anything; the next look asks again
        least = ROOM_AGAIN if job.is_nearly_full else NEARLY_FULL
        job.book.disk(free_mib=max(0, free), is_nearly_full=free < least * min(total, job.manifest.disk_mib))
        return True

    def push(self, job: MachineJob) -> None:
        """Only a look."""
