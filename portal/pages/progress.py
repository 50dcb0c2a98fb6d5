"""How far a launch has come, as lines that a person reads and a tent that goes up with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalog.manifest import Manifest
from portal import words
from provisioning.models import Deployment, Machine
from provisioning.phases import Phase

TENT_PARTS = 9
"""Parts of the drawing in templates/services/_tent.html."""

OF_MACHINE = (
    "allocate",
    "reach",
    "fetch_service",
    "install",
    "restore",
    "configure",
    "load_data",
    "start_programs",
    "schedule_pulls",
)
OF_DEPLOYMENT = ("answer_at_machine", "publish", "answer_at_address")
OF_MOVE = ("hand_on", "next_ready", "answer_at_next")
"""Of the way to another place, before it is opened there as after any launch."""


@dataclass(frozen=True)
class Line:
    """One step, in words. `state` is done, now, stopped or later."""

    name: str
    state: str
    words: str


@dataclass(frozen=True)
class Progress:
    """A launch as its page shows it."""

    lines: Sequence[Line]
    tent: str
    """Classes of the tent: u1 … u9 for parts that stand, n1 … n9 for the one that goes up."""
    usually: timedelta | None
    took: timedelta
    is_slow: bool

    @property
    def now(self) -> str:
        """What is happening, in one line, for those who listen rather than look."""
        return next((line.words for line in self.lines if line.state in ("now", "stopped")), "")


def plan(manifest: Manifest, *, is_again: bool = False) -> Sequence[str]:
    """The steps that this app's launch has for people: no content is not filled in, and no copy put back."""
    without = set() if is_again else {"restore"}
    if manifest.data is None:
        without |= {"load_data", "schedule_pulls"}
    elif manifest.data.mode == "once":
        without.add("schedule_pulls")
    if manifest.service.configure is None:
        without.add("configure")
    if not manifest.processes:
        without.add("start_programs")
    return [name for name in ("queued", *OF_MACHINE, *OF_DEPLOYMENT) if name not in without]


def plan_of(deployment: Deployment) -> Sequence[str]:
    """The steps of this one's launch."""
    return plan(deployment.manifest, is_again=deployment.restored_from_id is not None)


def progress(deployment: Deployment, machine: Machine | None, *, usually: timedelta | None, now: datetime) -> Progress:
    """Say how far it has come."""
    names = _move_of(deployment) if deployment.moving_since else plan_of(deployment)
    done = _done(deployment, machine)
    begun = deployment.building_since or deployment.created_at
    took = (deployment.ready_at if deployment.phase == Phase.READY and deployment.ready_at else now) - begun
    return Progress(
        lines=_lines(names, done, deployment, facts_of(deployment)),
        tent=_tent(names, done),
        usually=usually,
        took=took,
        is_slow=usually is not None and deployment.phase == Phase.BUILDING and took > 2 * usually,
    )


def _move_of(deployment: Deployment) -> Sequence[str]:
    """The steps until it is open at another place; what keeps nothing has no copy."""
    return [*OF_MOVE[deployment.manifest.stateless :], "publish", "answer_at_address"]


def _done(deployment: Deployment, machine: Machine | None) -> set[str]:
    if deployment.moving_since:
        walked = ("unpublish", *OF_MOVE, "swap")
        return set(walked[: walked.index(deployment.step)]) if deployment.step in walked else set()
    if deployment.phase in (Phase.READY, Phase.RETIRING, Phase.GONE):
        return {"queued", *OF_MACHINE, *OF_DEPLOYMENT}
    done = {"queued"} if deployment.admitted_at else set()
    if machine is not None and machine.release_id == deployment.release_id:  # else another takes its place
        done |= set(OF_MACHINE) if machine.phase == Phase.READY else set(machine.steps_done)
    return done | (set(deployment.steps_done) & set(OF_DEPLOYMENT))


def _lines(names: Sequence[str], done: set[str], deployment: Deployment, told: Mapping[str, Any]) -> Sequence[Line]:
    at = "stopped" if deployment.phase == Phase.FAILED and not deployment.is_retry_wished else "now"
    lines = []
    for name in names:
        state = "done" if name in done else at
        lines.append(Line(name, state, words.step(name, is_done=name in done, told=told)))
        if name not in done:
            at = "later"
    return lines


def _tent(names: Sequence[str], done: set[str]) -> str:
    stand = TENT_PARTS * sum(name in done for name in names) // len(names)
    up = [f"u{part}" for part in range(1, stand + 1)]
    return " ".join([*up, *([f"n{stand + 1}"] if stand < TENT_PARTS else [])])


def facts_of(deployment: Deployment) -> Mapping[str, Any]:
    """What its steps tell of."""
    release = deployment.release
    stamp = release.committed_at or release.taken_at
    return {
        "title": deployment.title,
        "host": deployment.host,
        "memory": deployment.manifest.install_memory_mib,
        "version": release.version
        or _("version of %(day)s") % {"day": date_format(stamp.astimezone(deployment.event.tzinfo), _("j M"))},
    }
