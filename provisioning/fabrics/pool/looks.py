"""Asking many hosts at the same time, so that one that is silent costs the others little."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from provisioning.errors import Blame, TryAgain
from provisioning.fabrics.pool.host import NOBODY, Down, Host, Look

MOST = 32
"""Hosts that are asked at once."""
LATE = 3.0
"""Seconds, or as much more as the first that answered took: so long the rest is waited for after it."""

Looks = Mapping[Host, Look | Down]


def look_at(hosts: Sequence[Host], within: float, name: Mapping[str, str] = NOBODY) -> Looks:
    """Look at all for a machine of this name."""
    began, threads = time.monotonic(), ThreadPoolExecutor(max(1, min(MOST, len(hosts))), "pool")
    asked = {threads.submit(host.look, within, name): host for host in hosts}
    found: dict[Host, Look | Down] = {}
    ends, waiting = began + within, set(asked)
    try:
        while waiting and (left := ends - time.monotonic()) > 0:
            answered, waiting = wait(waiting, left, FIRST_COMPLETED)
            told = {asked[answer]: answer.result() for answer in answered}
            found.update(told)
            if any(isinstance(look, Look) for look in told.values()):
                now = time.monotonic()
                ends = min(ends, now + max(LATE, 3 * (now - began)))
        return found | _late(asked, waiting)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _late(asked: Mapping[Future[Look | Down], Host], waiting: set[Future[Look | Down]]) -> dict[Host, Look | Down]:
    """Those that were not waited for any longer; next time they get less."""
    for answer in waiting:
        asked[answer].is_silent()
    return {asked[answer]: Down(TryAgain("no-answer", blame=Blame.FABRIC)) for answer in waiting}
