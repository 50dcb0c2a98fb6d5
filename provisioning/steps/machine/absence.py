"""When the absence of a machine proves something."""

from datetime import timedelta

from provisioning.driver import ABSENT, Seen, Sighting
from provisioning.errors import NotYet, TryAgain
from provisioning.step import MachineJob

BETWEEN_ABSENCES = timedelta(seconds=60)
"""Two sightings of nothing, this far apart, are proof where one is not (faults 5.2)."""


def prove_absence(job: MachineJob, seen: Sighting) -> None:
    """Take down that it is not there. Raises NotYet while that proves nothing: too soon after asking, or seen only once.

    Where a place remembers the machine and its end, it is not too soon; what was made for it may still be hidden.
    """
    assert job.asked_at is not None
    settles_at = job.asked_at + job.driver.settling
    if job.at < settles_at and not seen.is_final:
        raise NotYet("too-early-to-tell", after=settles_at - job.at)
    first = job.absent_at
    job.book.absent()
    if job.driver.capabilities.absent_twice and (first is None or job.at - first < BETWEEN_ABSENCES):
        raise NotYet("absent-once", after=BETWEEN_ABSENCES)
    job.book.saw(seen)


def look(job: MachineJob) -> Sighting:
    """See it. One that was never seen is ABSENT although a part of its place (`host`) does not answer.

    Nothing was ever brought to such a machine; should there be one after all, the head count meets it as a stray.
    """
    try:
        return job.driver.see(job.key, within=job.within)
    except TryAgain as stop:
        was_never_seen = job.sighting is None or job.sighting.seen is Seen.ABSENT
        if was_never_seen and "host" in stop.params:
            return ABSENT
        raise
