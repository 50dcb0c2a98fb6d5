"""What 1,000 live pages cost: streams of as many viewers in one web process on one core, while services change under their eyes.

Pages are timed before and with the viewers, in the same run; each viewer fetches its live part anew when it is told of a
change, as a browser does. Aim: pages less than twice as slow, and no viewer lost.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.visitor import until
from tests.benchmarks import web
from tests.benchmarks.house import cpu_seconds

AIM = 2.0
ROUNDS = 60
VIEWERS_EACH = 4
"""Of one service: its people, each with a page open."""
CHANGES = 6.0
"""Each second, in the whole house: about what 20 launches bring."""
OPENING = 40
"""Streams that are opened at the same time."""
PATIENCE = 180.0


@dataclass
class Crowd:
    """Everybody who has a page open."""

    port: int
    cookie: str
    open_now: int = 0
    told: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    changed_at: dict[str, float] = field(default_factory=dict)
    doors: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OPENING))

    async def watch(self, key: str, mark: str, session: str) -> None:
        """Keep one stream open, and fetch the live part anew when it says so."""
        async with self.doors:
            reader, writer = await self._ask(f"/services/{key}/stream?after=0&mark={mark}", session)
            head = await reader.readuntil(b"retry: 2000")
            if b" 200 " not in head.partition(b"\r\n")[0]:
                raise SystemExit(f"a stream was refused: {head[:200]!r}")
        self.open_now += 1
        try:
            while line := await reader.readline():
                if line.startswith(b"event: changed"):
                    self.told[key] += 1
                    if key in self.changed_at:
                        self.lags.append(time.monotonic() - self.changed_at[key])
                    await self._fetch(f"/services/{key}/live", session)
        finally:
            self.open_now -= 1
            writer.close()

    async def _fetch(self, path: str, session: str) -> None:
        reader, writer = await self._ask(path, session)
        await reader.read()
        writer.close()

    async def _ask(self, path: str, session: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        close = "" if path.partition("?")[0].endswith("stream") else "Connection: close\r\n"
        words = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookie}={session}\r\n{close}\r\n"
        writer.write(words.encode())
        return reader, writer


def main(argv: list[str]) -> int:
    """Measure without and with viewers, and print."""
    words = argparse.ArgumentParser(prog="./fairground bench viewers", description=__doc__)
    words.add_argument("--json", action="store_true")
    words.add_argument("--viewers", type=int, default=1000)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    asked = words.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        web.set_up(Path(folder), STREAMS_PER_PERSON=str(asked.viewers))
        result = _compare(asked.viewers, asked.rounds)
    print(json.dumps(result, indent=2) if asked.json else _told(result))
    return 0


def _compare(viewers: int, rounds: int) -> dict[str, Any]:
    from django.conf import settings

    from portal.stream import mark_of
    from provisioning.models import Deployment
    from tests.portal.site import session_of

    people = web.fill(viewers // VIEWERS_EACH + web.TO_A_PERSON)
    sessions = {person.pk: session_of(person) for person in people}
    # The last person's services are watched by nobody: theirs are the pages that are timed.
    watched = Deployment.objects.exclude(owner=people[-1]).order_by("pk")
    pages = [f"/services/{Deployment.objects.filter(owner=people[-1]).earliest('pk').key}", "/home", "/apps"]
    opened = [(one.key, mark_of(one), sessions[one.owner_id]) for one in watched]
    streams = [one for one in opened for _ in range(VIEWERS_EACH)][:viewers]
    with web.web() as running:
        client = web.visitor(running, people[-1])
        idle = _all(web.timed(client, pages, rounds))
        crowd = Crowd(running.port, settings.SESSION_COOKIE_NAME)
        with _crowd(crowd, streams), _changes(crowd):
            cpu, began = cpu_seconds([running.pid]), time.monotonic()
            full = _all(web.timed(client, pages, rounds))
            busy = 100 * (cpu_seconds([running.pid]) - cpu) / (time.monotonic() - began)
            left = crowd.open_now
    return _figures(idle, full, crowd, left, viewers) | {"cpu_percent": round(busy, 1)}


def _all(took: Mapping[str, Sequence[float]]) -> list[float]:
    return [each for one in took.values() for each in one]


def _figures(idle: list[float], full: list[float], crowd: Crowd, left: int, viewers: int) -> dict[str, Any]:
    told: dict[str, Any] = {"viewers": viewers, "still_watching": left, "load": web.load()}
    for name, part in (("p50", 50), ("p95", 95)):
        before, after = web.percentile(idle, part), web.percentile(full, part)
        told |= {
            f"idle_{name}_ms": round(before, 1),
            f"{name}_ms": round(after, 1),
            f"ratio_{name}": round(after / before, 2),
        }
    lags = crowd.lags or [0.0, 0.0]
    return told | {"changes_told": sum(crowd.told.values()), "lag_p95_s": round(web.percentile(lags, 95), 2)}


@contextmanager
def _crowd(crowd: Crowd, streams: Sequence[tuple[str, str, str]]) -> Iterator[None]:
    """Open all streams in a thread of their own; close them at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="crowd", daemon=True)
    thread.start()
    tasks = [asyncio.run_coroutine_threadsafe(crowd.watch(*stream), loop) for stream in streams]
    try:
        until("all streams are open", lambda: _opened(crowd, tasks, len(streams)), PATIENCE)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_leave(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _leave() -> None:
    """Close every stream."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _opened(crowd: Crowd, tasks: Sequence[Any], wanted: int) -> bool:
    for task in tasks:
        if task.done():
            task.result()
    return crowd.open_now == wanted


@contextmanager
def _changes(crowd: Crowd) -> Iterator[None]:
    """Change services one after the other, as launches that go on would."""
    over = threading.Event()
    thread = threading.Thread(target=_change, args=(crowd, over), name="changes")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


def _change(crowd: Crowd, over: threading.Event) -> None:
    from django.db import connection

    from provisioning.models import Deployment

    known = list(Deployment.objects.order_by("pk").values_list("pk", "key"))
    number = 0
    while not over.wait(1 / CHANGES):
        pk, key = known[number % len(known)]
        number += 1
        crowd.changed_at[key] = time.monotonic()
        Deployment.objects.filter(pk=pk).update(steps_done=[f"step {number}"])
    connection.close()


def _told(result: Mapping[str, Any]) -> str:
    return (
        f"pages at rest:           p50 {result['idle_p50_ms']} ms, p95 {result['idle_p95_ms']} ms\n"
        f"with {result['viewers']:>6} viewers:      p50 {result['p50_ms']} ms, p95 {result['p95_ms']} ms\n"
        f"ratio {result['ratio_p50']} (aim {AIM}), p95 {result['ratio_p95']}; {result['still_watching']} still watch, "
        f"{result['changes_told']} changes told, 95 % within {result['lag_p95_s']} s\n"
        f"the web process used {result['cpu_percent']} % of its core; load {result['load']}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
