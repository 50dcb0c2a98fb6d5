"""Live pages: one poller per web process reads what is watched and tells every open page. No page polls by itself.

Measured: with the ORM in each stream, every viewer costs a thread and an open database. So a stream touches the ORM for
its permission alone; afterwards it only reads its queue.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic, time

from django.core.cache import cache
from django.db import DatabaseError, connections
from django.db.models import Q
from django.utils.translation import override

from portal.pages.logs import title_of
from portal.plain import Lines
from provisioning.models import Deployment, LogChunk
from provisioning.phases import Phase

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks: while somebody watches, looks are a second apart."""
APART = 0.05
"""Seconds between telling one page of a change and the next: each then asks for its live part, and not all at once."""
HEARTBEAT = 15.0
"""Seconds of silence after which a line is sent, so that nobody between us and the browser thinks it is over."""
KNOWN = 600
"""Seconds for which it is known when somebody last had a page in sight (portal/mail/notices.py writes no mail to those)."""
CHUNKS = 200
ROWS = 100

OWN = (
    "phase", "wanted", "attempt", "failed_attempt", "steps_done", "problem", "silent_since", "expires_at",
    "suspend_wanted", "suspended_at", "waits_for", "move_asked_at", "moving_since", "move_problem",
)  # fmt: skip
OTHERS = (
    "picture__taken_at",
    "machines__pk", "machines__phase", "machines__steps_done", "machines__problem", "machines__content_commit",
    "machines__content_problem", "machines__restart_asked_at", "machines__restarted_at", "machines__pull_asked_at",
    "machines__pulled_at", "machines__waits_for", "machines__settled", "machines__stand",
)  # fmt: skip
"""What a page shows of its service, and of what belongs to it."""


@dataclass(frozen=True)
class Chunk:
    """A piece of a job's output."""

    pk: int
    deployment: int
    job: str
    data: bytes


@dataclass(frozen=True)
class Look:
    """What one look at the watched rows found: a mark per row that changes with it, and new output."""

    marks: Mapping[int, str]
    chunks: Sequence[Chunk]


@dataclass(eq=False)
class Watch:
    """One open page."""

    deployment: int
    user: int
    after: int
    mark: str = ""
    news: asyncio.Queue[str | Chunk] = field(default_factory=lambda: asyncio.Queue(maxsize=2000))

    def is_told(self, look: Look) -> bool:
        """Whether this look changes nothing for the page."""
        return look.marks.get(self.deployment, "gone") == self.mark

    def tell(self, look: Look) -> None:
        """Queue what is new to this page. A page too slow to keep up is told later; the rows keep everything."""
        mark = look.marks.get(self.deployment, "gone")
        if self.news.full():
            return
        for chunk in look.chunks:
            if chunk.deployment == self.deployment and chunk.pk > self.after and not self.news.full():
                self.after = chunk.pk
                self.news.put_nowait(chunk)
        if mark != self.mark and not self.news.full():
            self.mark = mark
            self.news.put_nowait(mark)


class Poller:
    """Looks once a tick while anybody watches, and not at all while nobody does."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None
        # One thread of its own: it keeps one database connection, and no request's.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="poller")

    def watched_by(self, user: int) -> int:
        """How many pages somebody has open."""
        return sum(watch.user == user for watch in self._watches)

    @contextmanager
    def watching(self, deployment: int, user: int, after: int, mark: str) -> Iterator[Watch]:
        """Take part in the looks."""
        watch = Watch(deployment, user, after, mark)
        self._watches.add(watch)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watches:
            watches = list(self._watches)
            try:
                look = await loop.run_in_executor(self._thread, look_at, watches)
            except DatabaseError:
                log.exception("a look at the watched services failed")
                await loop.run_in_executor(self._thread, connections.close_all)
                await asyncio.sleep(TICK)
            else:
                await _tell(watches, look)
        await loop.run_in_executor(self._thread, connections.close_all)


async def _tell(watches: Sequence[Watch], look: Look) -> None:
    """Tell every page, those of a change one after the other, within a tick."""
    changed = [watch for watch in watches if not watch.is_told(look)]
    for watch in watches:
        if watch.is_told(look):
            watch.tell(look)
    apart = min(APART, TICK / max(1, len(changed)))
    for watch in changed:
        watch.tell(look)
        await asyncio.sleep(apart)
    await asyncio.sleep(max(0.0, TICK - apart * len(changed)))


poller = Poller()


def watch_key(deployment: int, user: int) -> str:
    """The cache's name for when this person last had this page open and in sight."""
    return f"watched:{deployment}:{user}"


def look_at(watches: Iterable[Watch]) -> Look:
    """Read all watched rows in one query, and the new output of those being set up in another."""
    after: dict[int, int] = {}
    for watch in watches:
        after[watch.deployment] = min(watch.after, after.get(watch.deployment, watch.after))
    cache.set_many({watch_key(watch.deployment, watch.user): time() for watch in watches}, timeout=KNOWN)
    marks, moving = _marks(after)
    return Look(marks, list(_new_chunks({pk: after[pk] for pk in moving})))


def mark_of(deployment: Deployment) -> str:
    """The mark of a page that shows this row as it was read: it is told only of what has come since."""
    own = tuple(getattr(deployment, name) for name in OWN)
    others = Deployment.objects.filter(pk=deployment.pk).order_by("machines__pk").values_list(*OTHERS)
    return _mark([*own, *row] for row in others)


def _marks(deployments: Iterable[int]) -> tuple[Mapping[int, str], set[int]]:
    """A mark of each, and which of them are being set up or have failed."""
    rows: defaultdict[int, list[Sequence[object]]] = defaultdict(list)
    moving = set()
    known = Deployment.objects.filter(pk__in=list(deployments)).order_by("pk", "machines__pk")
    for pk, *row in known.values_list("pk", *OWN, *OTHERS):
        rows[pk].append(row)
        if row[0] in (Phase.WAITING, Phase.BUILDING, Phase.FAILED):
            moving.add(pk)
    return {pk: _mark(lines) for pk, lines in rows.items()}, moving


def _mark(lines: Iterable[Sequence[object]]) -> str:
    return sha256("\n".join(repr(list(line)) for line in lines).encode()).hexdigest()[:16]


def _new_chunks(after: Mapping[int, int]) -> Iterator[Chunk]:
    """Each service from its own last piece on: of two services, the smaller number may be committed later."""
    wanted = list(after.items())
    for start in range(0, len(wanted), ROWS):
        newer = Q()
        for deployment, pk in wanted[start : start + ROWS]:
            newer |= Q(machine__deployment_id=deployment, pk__gt=pk)
        found = LogChunk.objects.filter(newer).order_by("pk")
        for pk, deployment, job, data in found.values_list("pk", "machine__deployment_id", "job", "data")[:CHUNKS]:
            yield Chunk(pk, deployment, job, bytes(data))


async def events(
    deployment: int, user: int, *, after: int, lasts: float, language: str, mark: str = ""
) -> AsyncIterator[bytes]:
    """Tell a page with this mark what happens: `changed` when it should fetch its live part again, `log` with new output."""
    until = monotonic() + lasts
    lines: defaultdict[str, Lines] = defaultdict(Lines)
    with poller.watching(deployment, user, after, mark) as watch:
        yield b"retry: 2000\n\n"
        while (left := until - monotonic()) > 0:
            try:
                news = await asyncio.wait_for(watch.news.get(), min(HEARTBEAT, left))
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if isinstance(news, str):
                yield b"event: changed\ndata: " + news.encode() + b"\n\n"
            elif text := lines[news.job].take(news.data):
                with override(language):
                    title = title_of(news.job)
                told = json.dumps({"job": news.job, "title": title, "text": text})
                yield b"event: log\nid: %d\ndata: %s\n\n" % (news.pk, told.encode())
