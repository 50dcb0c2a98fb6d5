"""A worker, `python -m portal.server.work clicks` or `… sweep`: the hands that do what waits in one queue.

Celery's own command line would do too; it loads all its commands into each worker, a shell with colours among them: 8 MiB.
"""

import os
import sys
from typing import Any, NamedTuple

from celery.worker import WorkController

from portal.celery import app


class Hands(NamedTuple):
    """What a worker does, and how much of it at once."""

    queue: str
    threads: int
    has_clock: bool = False


WORKERS = {"clicks": Hands("click", 4), "sweep": Hands("sweep", 6, has_clock=True)}
"""Clicks have a worker of their own, so that no sweep stands before a person."""
EX_USAGE = 64
"""In the words of sysexits.h."""


def worker(name: str) -> WorkController:
    """One of them, which speaks to nobody but its broker."""
    hands = WORKERS[name]
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    here: dict[str, Any] = {"pool": "threads", "concurrency": hands.threads, "clock": hands.has_clock, **alone}
    return app.Worker(hostname=f"{name}@{os.uname().nodename}", queues=hands.queue, loglevel="WARNING", **here)


if __name__ == "__main__":
    if sys.argv[1:] not in [[name] for name in WORKERS]:
        print(f"usage: python -m portal.server.work {'|'.join(WORKERS)}", file=sys.stderr)
        sys.exit(EX_USAGE)
    ours = worker(sys.argv[1])
    ours.start()
    sys.exit(ours.exitcode)
