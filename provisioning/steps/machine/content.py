"""Content: the first load, the regular pulls, and how old it is."""

import json
from datetime import datetime, timedelta
from typing import Any

from provisioning.errors import Blame, GiveUp, NotYet
from provisioning.step import MachineJob
from provisioning.steps.machine.jobs import has_fetched, has_run, own_time, run
from provisioning.steps.paths import ENV_FILE, ONBOARD

SOURCE_FILE = "/var/lib/fairground/content-source.json"
"""Where the pull program looks for what to pull; the same for the first load, for cron, and for "pull now"."""
PULL_PATIENCE = timedelta(minutes=10)


class LoadData:
    """The first content is in."""

    name = "load_data"

    def done(self, job: MachineJob) -> bool:
        if job.copy is not None and job.manifest.data and job.manifest.data.mode == "once":
            return True  # what was loaded once is in the copy, with what people made of it
        return job.content is None or has_fetched(job, self._jobs(job), "content-failed", Blame.APP)

    def push(self, job: MachineJob) -> None:
        if job.content_looked_at is None:
            raise NotYet("fetching-the-content")
        pull(job, self._jobs(job)[0])

    def _jobs(self, job: MachineJob) -> list[str]:
        return job.job_names(self.name)


class SchedulePulls:
    """The machine looks for new content by itself, also when nobody asks it to."""

    name = "schedule_pulls"

    def done(self, job: MachineJob) -> bool:
        if not _is_regular(job):
            return True
        return _is_scheduled(job)

    def push(self, job: MachineJob) -> None:
        job.far.call("schedule", schedule(job), within=job.within)


class PullNow:
    """A wished-for pull has been done, once."""

    name = "pull_now"

    def done(self, job: MachineJob) -> bool:
        if job.pull_asked_at is None or job.content is None:
            return True
        try:
            if not has_run(job, self._job(job), "content-failed"):
                return False
        except GiveUp:
            pass  # the last good content stays; why there is no newer one, StillFresh reads from the machine
        job.book.pulled(job.pull_asked_at)
        return True

    def push(self, job: MachineJob) -> None:
        assert job.pull_asked_at is not None
        if job.content_looked_at is None or job.content_looked_at < job.pull_asked_at:
            raise NotYet("fetching-the-content")
        pull(job, self._job(job))

    def _job(self, job: MachineJob) -> str:
        asked = job.pull_asked_at.strftime("%Y%m%dt%H%M%S%f") if job.pull_asked_at else ""
        return f"pull-{asked}"


class StillFresh:
    """The pulls are still scheduled; what content is in is written down."""

    name = "still_fresh"

    def done(self, job: MachineJob) -> bool:
        if job.content is None:
            return True
        told = job.far.call("content", within=job.within)
        at = datetime.fromisoformat(told["at"]) if told.get("at") else None
        job.book.content(str(told.get("commit", ""))[:64], at, str(told.get("problem", ""))[:60])
        return not _is_regular(job) or _is_scheduled(job)

    def push(self, job: MachineJob) -> None:
        job.far.call("schedule", schedule(job), within=job.within)


def pull(job: MachineJob, name: str) -> None:
    """Have the machine pull now, under this job name."""
    job.far.put(SOURCE_FILE, json.dumps(source(job)).encode(), within=job.within)
    run(job, name, ONBOARD, "pull", timeout=PULL_PATIENCE)


def source(job: MachineJob) -> dict[str, Any]:
    """What the pull program needs to know."""
    data, content = job.manifest.data, job.content
    assert data is not None
    assert content is not None
    given = {
        "url": content.url,
        "ref": content.ref,
        "target": data.target,
        "path": data.path or "",
        "archive": data.archive or "",
        "mode": data.mode,
        "loaded": job.was_ready,
        "max_size": data.max_size << 20,
        "after": data.after or "",
        "env_file": ENV_FILE,
        "every": _minutes(job),
        "timeout": own_time(PULL_PATIENCE),
    }
    return given | ({"bearer": content.bearer.reveal} if content.bearer else {})


def schedule(job: MachineJob) -> dict[str, Any]:
    """When the machine pulls by itself. The jitter comes from the key: each machine has its own minute."""
    data = job.manifest.data
    assert data is not None
    when: dict[str, Any] = {"cron": data.cron} if data.cron else {"every": _minutes(job)}
    return when | {"key": job.key}


def _minutes(job: MachineJob) -> int:
    data = job.manifest.data
    return int(data.every.total_seconds() // 60) if data and data.every else 0


def _is_scheduled(job: MachineJob) -> bool:
    return bool(job.far.call("schedule-check", schedule(job), within=job.within).get("right"))


def _is_regular(job: MachineJob) -> bool:
    data = job.manifest.data
    return job.content is not None and data is not None and data.mode != "once" and bool(data.every or data.cron)
