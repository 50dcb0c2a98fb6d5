"""From nothing to a machine that lets us in."""

from datetime import timedelta

from provisioning.driver import Seen, Sighting
from provisioning.errors import Blame, GiveUp, NotYet, TryAgain
from provisioning.step import MachineFacts, MachineJob
from provisioning.steps.machine.absence import prove_absence
from provisioning.steps.machine.ends_itself import tell_end
from provisioning.steps.words import ANOTHER, DIED, NEVER_ANSWERED, NEVER_STARTED, TAKEN

KEY_LOOK = timedelta(seconds=5)
"""A machine that tells its host key wakes its row; the place itself is asked only now and then."""
TRIES = 3
"""Failures in a row that are needed besides the time."""
PATIENT_TRIES = 5
"""Failures in a row from which on it is not asked later and later, but every `UNREACHED_LOOK`: somebody waits for it."""
UNREACHED_LOOK = timedelta(seconds=30)


class Allocate:
    """The fabric runs one machine with our key."""

    name = "allocate"

    def done(self, job: MachineJob) -> bool:
        if job.asked_at is None or not self._was_there(job):
            return False  # asked twice is asked once, and a place that answers only in part may say that to a look
        seen = job.driver.see(job.key, within=job.within)
        if seen.seen.is_lost:
            prove_absence(job, seen)
            raise GiveUp(DIED, blame=Blame.FABRIC)
        job.book.saw(seen)
        if seen.seen == Seen.STARTING:
            if is_late(job, seen, within := job.driver.capabilities.starts_within):
                raise GiveUp(NEVER_STARTED, blame=Blame.FABRIC, minutes=minutes(within))
            raise NotYet("machine-is-starting")
        return seen.seen == Seen.RUNNING and seen.on_network

    def _was_there(self, job: MachineJob) -> bool:
        """It was seen once: it is not made a second time."""
        return job.sighting is not None and not job.sighting.seen.is_lost

    def push(self, job: MachineJob) -> None:
        job.book.asked()
        try:
            job.book.saw(job.driver.ensure(job.spec, job.identity, within=job.within))
        except TryAgain as stop:
            if stop.code in TAKEN and not self._was_there(job):
                raise GiveUp(stop.code, blame=stop.blame, **stop.params) from stop
            raise


class Reach:
    """It answers with the host key we gave it, or that it gave us, has our on-board code, and knows when to end by itself."""

    name = "reach"

    def done(self, job: MachineJob) -> bool:
        facts = self._facts(job)
        if job.manifest.requires.system and facts.system not in job.manifest.requires.system:
            raise GiveUp("system-is-not-supported", blame=Blame.FABRIC, system=facts.system)
        built_for = job.manifest.resources.architectures
        if built_for and facts.architecture not in built_for:
            raise GiveUp("system-is-not-supported", blame=Blame.FABRIC, system=facts.architecture)
        job.book.facts(facts)
        if job.told_end is None:
            tell_end(job)
            job.book.ends_itself(job.ends_itself_at)
        return True

    def _know(self, job: MachineJob) -> None:
        """Its host key is known: from itself, from the place, or from both alike."""
        seen = job.driver.see(job.key, within=job.within)
        if seen.seen.is_lost:
            prove_absence(job, seen)
            raise GiveUp(DIED, blame=Blame.FABRIC)
        job.book.saw(seen)
        if seen.denies(job.enrolled_key):
            raise GiveUp(ANOTHER, blame=Blame.FABRIC)
        if job.remote is None:
            raise NotYet("not-reachable-yet", after=timedelta(0) if seen.host_key and seen.ssh else KEY_LOOK)

    def push(self, job: MachineJob) -> None:
        """`done` does it: reaching is looking."""

    def _facts(self, job: MachineJob) -> MachineFacts:
        try:
            if not job.driver.capabilities.takes_host_key:
                self._know(job)
            return job.far.reach(within=job.within)
        except (NotYet, TryAgain) as stop:
            # After a time in which nobody of ours was there, the first failure proves nothing.
            proves = isinstance(stop, NotYet) or job.tries >= TRIES
            within = job.driver.capabilities.answers_within
            if proves and job.sighting and is_late(job, job.sighting, within):
                raise GiveUp(NEVER_ANSWERED, blame=Blame.FABRIC, minutes=minutes(within)) from stop
            if isinstance(stop, TryAgain) and job.tries >= PATIENT_TRIES:
                stop.after = stop.after or UNREACHED_LOOK
            raise


def is_late(job: MachineJob, seen: Sighting, within: timedelta) -> bool:
    """Whether the place has been saying the same of it for so long that it never will say anything else."""
    is_news = job.sighting is None or job.sighting.seen != seen.seen or job.seen_since is None
    return not is_news and job.at - max(job.seen_since or job.at, job.waiting_since) >= within


def minutes(time: timedelta) -> int:
    """As people are told it."""
    return int(time.total_seconds() // 60)
