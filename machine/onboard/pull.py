"""`pull [FILE]`: the newest content is in, or the last good one stays and it is written down why.

Fetched beside, checked, then put in place by swapping one link; so what is served is always one whole commit. The same
program does the first load, the regular pulls, and "pull now".
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from machine.onboard import content, jobs
from machine.onboard.failure import Failed, Why, reported, translated
from machine.onboard.git import Git, kill_all
from machine.onboard.given import BEARER, REF, URL, Parameters
from machine.onboard.hook import run_hook
from machine.onboard.places import CACHE, STATE, read_json
from machine.onboard.releases import Release, in_place, prune, put_in_place
from machine.onboard.turns import alone

SOURCE = STATE / "content-source.json"
SCHEDULE = STATE / "schedule.json"
JOB = "pull-scheduled"
EARLY = 45
"""Seconds by which cron may be early."""
SEEN = (Why.NO_SUCH_COMMIT, Why.ACCESS_REFUSED, Why.TOO_BIG, Why.UNREACHABLE, Why.OUT_OF_TIME, Why.ENDED, Why.DISK_FULL)
"""Failures that have nothing to do with our own copy of the repository."""


def pull(file: str = str(SOURCE)) -> int:
    """Make it so. Exit 0 = the newest content is in."""

    def work() -> None:
        given = Parameters(file)
        signal.alarm(given.number("timeout", 900))
        with alone("pull"), written_down():
            load(given)

    return reported(work)


@contextmanager
def written_down() -> Iterator[None]:
    """Whatever happens is in the status file afterwards."""
    content.note(attempted_at=content.now())
    try:
        yield
    except (Failed, OSError) as error:
        failed = error if isinstance(error, Failed) else translated(error)
        content.note(problem=failed.why.word, detail=failed.detail[:500])
        raise failed
    finally:
        kill_all()


def load(given: Parameters) -> None:
    """Fetch, check, put in place, tell the app."""
    release = Release(given)
    known = content.status()
    if release.mode == "once" and known["commit"] and in_place(release, known["release"]):
        commit = known["commit"]
    else:
        commit = bring(given, release, known["commit"])
    name = release.name(commit)
    good = known["good"] if known["after_owed"] else known["release"]
    if known["release"] != name or known["commit"] != commit:
        content.note(commit=commit, at=content.now(), release=name, good=good, after_owed=True)
    prune(name, good)
    after = given.text("after", "")
    if after and content.status()["after_owed"]:
        env = {"FAIRGROUND_CONTENT": release.target, "FAIRGROUND_COMMIT": commit}
        run_hook(after, given.text("env_file", ""), given.number("timeout", 900), **env)
    content.note(checked_at=content.now(), problem="", detail="", after_owed=False)
    print(f"the content is at {commit}", flush=True)


def bring(given: Parameters, release: Release, before: str) -> str:
    """Fetch over what we have; if that is damaged, once more from nothing."""
    deep = release.mode == "fast-forward"
    home = CACHE / ("content-with-history" if deep else "content")
    git = Git(home, given.text("url", shape=URL), given.text("bearer", "", BEARER), release.most)
    had = git.prepare()
    try:
        return fetched(git, release, given.text("ref", "HEAD", REF), before)
    except Failed as failed:
        if not had or failed.why in SEEN:
            if failed.why in (Why.TOO_BIG, Why.DISK_FULL):
                git.forget()
            raise
        print(f"once more from nothing: {failed}", flush=True)
    git.forget()
    git.prepare()
    return fetched(git, release, given.text("ref", "HEAD", REF), before)


def fetched(git: Git, release: Release, ref: str, before: str) -> str:
    """One attempt. Returns the commit that is in place now."""
    deep = release.mode == "fast-forward"
    commit = git.fetch(ref, deep=deep)
    if deep and before and before != commit and not git.descends(commit, before):
        raise Failed(Why.HISTORY_REWRITTEN, f"{commit} does not follow {before}")
    put_in_place(git, release, commit)
    git.stay_small()
    return commit


def pull_scheduled() -> int:
    """Called by cron: start a pull as a job, unless one runs, none is due, or pulls are not scheduled any more."""
    schedule = read_json(SCHEDULE)
    since = content.seconds_since(content.status()["attempted_at"])
    if schedule is None or (since is not None and since < schedule.get("every", 0) * 60 - EARLY):
        return 0
    given = read_json(SOURCE) or {}
    timeout = given.get("timeout", 900) + 60
    jobs.start_afresh({"name": JOB, "argv": [str(Path(__file__).with_name("onboard")), "pull"], "timeout": timeout})
    return 0
