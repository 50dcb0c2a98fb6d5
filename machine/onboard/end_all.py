"""`end-all`: nothing of the app and nothing of ours is at work any more. For the hold, and for the removal."""

from __future__ import annotations

from typing import Any

from machine.onboard import jobs, keeping, schedule
from machine.onboard.places import JOBS
from machine.onboard.wire import Given


def end_all(_: Given) -> dict[str, Any]:
    """First what could start something anew: pulls, then programs, then jobs."""
    unscheduled = schedule.unschedule({})["changed"]
    stopped = keeping.stop_all({})["stopped"]
    ended = [folder.name for folder in sorted(JOBS.glob("[!.]*")) if jobs.end(folder)]
    return {"unscheduled": unscheduled, "processes": stopped, "jobs": ended}
