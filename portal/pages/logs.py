"""The installer's own words, from LogChunk rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from portal.plain import readable
from portal.sentences import STEPS
from portal.words import step
from provisioning.models import LogChunk, Machine
from provisioning.steps.words import CONSOLE

SHOWN = 64 * 1024
"""Bytes of a log that a page holds at most: its end, which is what explains a failure."""
CHUNKS = 200


@dataclass(frozen=True)
class JobLog:
    """What one remote job printed."""

    job: str
    title: str
    text: str


@dataclass(frozen=True)
class Log:
    """The end of everything that a machine's jobs printed, and where it ends."""

    jobs: Sequence[JobLog]
    after: int
    """The newest chunk in it; a live stream goes on from there."""
    is_whole: bool = True
    """Whether nothing was said before; else its first line may be the end of one."""


def log_of(machine: Machine | None) -> Log:
    """Read the end of a machine's log, in one query."""
    if machine is None:
        return Log((), 0)
    newest = list(LogChunk.objects.filter(machine=machine).order_by("-pk")[:CHUNKS])
    kept, room = [], SHOWN
    for chunk in newest:
        if room <= 0:
            break
        kept.append(chunk)
        room -= chunk.size
    is_whole = len(kept) == len(newest) < CHUNKS
    return Log(_jobs(reversed(kept)), newest[0].pk if newest else 0, is_whole)


def title_of(job: str) -> str:
    """What a remote job is for, in words. Its name is step, attempt and digest: "fetch-service-1-3f2a91c0"."""
    if job == CONSOLE:
        return _("The machine's last words")
    name = next((known for known in STEPS if job.startswith(known.replace("_", "-"))), "")
    return step(name, is_done=False, told={"version": _("as chosen")}) if name else job


def _jobs(chunks: Iterable[LogChunk]) -> Sequence[JobLog]:
    grouped = groupby(chunks, key=lambda chunk: chunk.job)
    return [
        JobLog(job, title_of(job), readable(b"".join(bytes(chunk.data) for chunk in those))) for job, those in grouped
    ]
