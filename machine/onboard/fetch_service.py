"""`fetch-service FILE`: the app's repository at one commit, as /srv/fairground/service."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from machine.onboard import tree
from machine.onboard.failure import reported
from machine.onboard.git import Git, kill_all
from machine.onboard.given import BEARER, COMMIT, URL, Parameters
from machine.onboard.places import CACHE, SERVICE, SERVICES
from machine.onboard.turns import alone

MOST = 500 << 20
KEPT = 2
"""Older checkouts that stay beside the one in use."""


def fetch_service(file: str) -> int:
    """Make it so; a commit that is there already is not fetched again."""

    def work() -> None:
        given = Parameters(file)
        commit = given.text("commit", shape=COMMIT)
        signal.alarm(given.number("timeout", 600))
        with alone("fetch-service"):
            put_in_place(given, commit)
        print(f"the service is at {commit}", flush=True)

    return reported(work)


def put_in_place(given: Parameters, commit: str) -> None:
    """Fetch it if nobody has, show it, and forget the oldest."""
    place = SERVICES / commit
    if not place.exists():
        fetch(given, commit, place)
    os.utime(place)
    tree.point(SERVICE, Path(SERVICES.name) / commit)
    for old in tree.oldest_first(SERVICES, commit)[:-KEPT]:
        shutil.rmtree(old)


def fetch(given: Parameters, commit: str, place: Path) -> None:
    """Fetch beside, check, then rename into place."""
    SERVICES.mkdir(parents=True, exist_ok=True)
    most = given.number("max_size", MOST)
    git = Git(CACHE / "service", given.text("url", shape=URL), given.text("bearer", "", BEARER), most)
    fresh = SERVICES / f".{commit}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        git.forget()
        git.prepare()
        git.fetch(commit)
        git.check_out(commit, "", fresh)
        tree.adopt(fresh, most, links_out=True)
        fresh.rename(place)
    finally:
        kill_all()
        git.forget()
        shutil.rmtree(fresh, ignore_errors=True)
