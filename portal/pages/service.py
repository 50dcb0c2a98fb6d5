"""Everything that the page of a service shows, read in a fixed number of queries and said in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from django.conf import settings

from catalog.manifest import Output
from portal import words
from portal.mail import maintainer
from portal.mail.letters import markdown
from portal.pages.figures import Evidence, evidence
from portal.pages.moving import move_of
from portal.pages.nights import Night, tonight
from portal.pages.places import FULL, NOBODY, Offer, elsewhere
from portal.pages.poster import qr
from portal.pages.progress import Progress, progress
from portal.pages.remains import what_became
from portal.pages.timeline import Moment, timeline
from portal.pages.versions import Version, another_version
from portal.sentences import PROBLEMS, WAITS
from portal.stream import mark_of
from provisioning.admission import place_in_line
from provisioning.models import Archive, Deployment, Entry, Machine, Picture
from provisioning.models.house import copies_of_each
from provisioning.phases import Phase, Wanted

MOMENTS = 40
QUARANTINE = "quarantine"
"""What a row on its way out waits for in a portal that was put back from a backup."""


class Face(StrEnum):
    """Which of its faces the page shows. One page, one address, the whole life long."""

    SETTING_UP = "setting-up"
    READY = "ready"
    FAILED = "failed"
    SHUT = "shut"
    LEAVING = "leaving"
    ENDED = "ended"


@dataclass(frozen=True)
class ServicePage:
    """What the templates of a service need."""

    deployment: Deployment
    machine: Machine | None
    face: Face
    phase: str
    progress: Progress
    trouble: words.Told | None
    waiting: str
    copies: Sequence[Archive]
    may_change: bool
    may_look_inside: bool
    """What its programs said, and who did what."""
    now: datetime
    mark: str
    """Of what it shows: see portal/stream.py."""
    may_extend: bool = False
    """They organise its event."""
    may_keep: bool = False
    """A copy of it may be asked for: it keeps something, and its owner may have copies."""
    tonight: Night | None = None
    """When its next copy is made by itself."""
    remains: str = ""
    """What became of what people had put into it, where its copies alone do not tell it."""
    seen_at: datetime | None = None
    """When the picture of its own page was taken, if there is one."""
    elsewhere: Offer | None = None
    """Another place that has room, where the one it waits for has none."""
    visitors: int = 0
    """About how many came so far, counted day by day."""
    move: str = ""
    """How its way to another place goes, or why it stayed."""
    version: Version | None = None
    """Another version of its app, where the one it has did not start."""
    tells: str = ""
    """Whom one may tell that it did not start: by name, who looks after its app."""
    told_at: datetime | None = None
    """When they were told."""

    @property
    def zone(self) -> tzinfo:
        """The event's zone."""
        return self.deployment.event.tzinfo

    @property
    def handed_over(self) -> Sequence[Output]:
        """What there is to be shown; what was to be shown once, and was, is not among it."""
        left = self.machine.outputs if self.machine else {}
        return [output for output in self.deployment.manifest.outputs if output.id in left]

    @property
    def qr(self) -> str:
        """Its address as a drawing to be scanned."""
        return qr(self.deployment.url)

    @property
    def first_things(self) -> str:
        """What the app's author says to do first, as HTML from our own Markdown renderer."""
        return markdown(self.deployment.release.texts.get("notices.after_launch", ""))

    @property
    def fetches_through_us(self) -> bool:
        """Whether its machine gets app and content from this portal's copies, or from where they are published."""
        reached = bool(self.machine and self.machine.sighting and self.machine.sighting.get("portal_host"))
        return reached and bool(settings.GIT_DOOR_LISTEN)

    @property
    def content_trouble(self) -> str:
        """Why newer content is not in, in words."""
        return words.content_trouble(self.machine.content_problem if self.machine else "")

    @property
    def is_restarting(self) -> bool:
        """A restart was asked for and has not been done."""
        machine = self.machine
        return bool(machine and machine.restart_asked_at and machine.restart_asked_at != machine.restarted_at)

    @property
    def is_copying(self) -> bool:
        """A copy was asked for and has not been made."""
        machine = self.machine
        return bool(machine and machine.copy_asked_at and machine.copy_asked_at != machine.copied_at)

    @property
    def copy_trouble(self) -> str:
        """Why the last copy while it runs could not be made, in words."""
        code = self.machine.copy_problem if self.machine else ""
        return str(PROBLEMS[code] % {"title": self.deployment.title}) if code in PROBLEMS else ""

    @property
    def newest_copy(self) -> Archive | None:
        """What there is to go back to."""
        return self.copies[-1] if self.copies else None

    @property
    def is_pulling(self) -> bool:
        """New content was asked for and has not come."""
        machine = self.machine
        return bool(machine and machine.pull_asked_at and machine.pull_asked_at != machine.pulled_at)


def service_page(
    deployment: Deployment,
    *,
    may_change: bool,
    may_look_inside: bool,
    may_extend: bool = False,
    now: datetime,
    viewer: int = NOBODY,
) -> ServicePage:
    """Read what the page shows, in so many queries whatever there is to see; some more where it finds no room."""
    mark = mark_of(deployment)  # first: what comes while the rest is read is told of once more
    machine = deployment.machine()
    app = deployment.release.app_id
    known = evidence([app]).get(app, Evidence())
    face = face_of(deployment)
    return ServicePage(
        deployment=deployment,
        machine=machine,
        face=face,
        phase=phase_of(deployment),
        progress=progress(deployment, machine, usually=known.usually, now=now),
        trouble=_trouble(deployment, machine, face, may_look_inside),
        waiting=_waiting(deployment),
        copies=list(deployment.archives.filter(deleted_at=None, is_surplus=False).order_by("pk"))
        if deployment.ready_at
        else [],
        may_change=may_change,
        may_look_inside=may_look_inside,
        may_extend=may_extend,
        may_keep=face == Face.READY and may_change and _may_keep(deployment),
        now=now,
        mark=mark,
        tonight=tonight([machine], now) if machine and face == Face.READY and may_change else None,
        remains=what_became(deployment) if face == Face.ENDED else "",
        seen_at=_seen_at(deployment) if face == Face.READY else None,
        elsewhere=_elsewhere(deployment, machine, viewer, now) if may_change else None,
        visitors=deployment.visits.total() if may_look_inside and face in (Face.READY, Face.ENDED) else 0,
        move=move_of(deployment, machine) if may_look_inside and face in (Face.READY, Face.SETTING_UP) else "",
        **(_ways_on(deployment, now) if face == Face.FAILED and may_change else {}),
    )


def _ways_on(deployment: Deployment, now: datetime) -> dict[str, Any]:
    """What else there is to do about one that did not start."""
    looks_after = maintainer.who_is_told(deployment)
    return {
        "version": another_version(deployment, now),
        "tells": looks_after.name if looks_after else "",
        "told_at": maintainer.told_at(deployment) if looks_after else None,
    }


def moments(deployment: Deployment) -> Sequence[Moment]:
    """What was done to this service and to its event, newest first."""
    about = Entry.objects.select_related("by", "deployment").order_by("-at", "-pk")
    return timeline(about.filter(deployment=deployment)[:MOMENTS], of=deployment)


def face_of(deployment: Deployment) -> Face:
    """Choose the face, by wish and phase."""
    if deployment.phase == Phase.GONE:
        return Face.ENDED
    if deployment.phase == Phase.RETIRING or deployment.is_ending:
        return Face.LEAVING
    if deployment.is_shut:
        return Face.SHUT
    if deployment.phase == Phase.READY:
        return Face.READY
    if deployment.phase == Phase.FAILED and not deployment.is_retry_wished:
        return Face.FAILED
    return Face.SETTING_UP


def phase_of(deployment: Deployment) -> str:
    """The phase's name as the mark shows it: two more than there are phases, for what is silent or shut is not open."""
    if deployment.is_ending:
        return Phase.RETIRING.value
    if deployment.is_shut and not deployment.is_gone:
        return "shut"
    if deployment.is_retry_wished:
        return Phase.BUILDING.value
    return "silent" if deployment.phase == Phase.READY and deployment.silent_since else str(deployment.phase)


def _elsewhere(deployment: Deployment, machine: Machine | None, viewer: int, now: datetime) -> Offer | None:
    waits = {deployment.waits_for} if deployment.phase == Phase.WAITING else {deployment.problem, _trouble_of(machine)}
    is_on_its_way = deployment.wanted == Wanted.UP and deployment.ready_at is None
    return elsewhere(deployment, viewer, now) if is_on_its_way and waits & FULL else None


def _trouble_of(machine: Machine | None) -> str:
    """What a machine that was never seen is waiting for."""
    is_there = machine and machine.sighting.get("seen", "absent") not in ("absent", "remains")
    return machine.problem if machine and not is_there else ""


def _may_keep(deployment: Deployment) -> bool:
    return deployment.manifest.archive is not None and copies_of_each(deployment.owner_id).number > 0


def _seen_at(deployment: Deployment) -> datetime | None:
    return Picture.objects.showing(deployment).values_list("taken_at", flat=True).first()


def _trouble(deployment: Deployment, machine: Machine | None, face: Face, in_full: bool) -> words.Told | None:
    """The problem to tell: the service's own, else that of the machine that is being set up for it."""
    if face in (Face.READY, Face.SHUT, Face.ENDED):
        return None
    row: Deployment | Machine | None = deployment if deployment.problem else machine
    if row is None or not row.problem or (face == Face.SETTING_UP and row.waits_for != row.problem):
        return None  # what was wrong a moment ago is not told while it goes on
    was_open = deployment.ready_at is not None
    told = words.problem(row.problem, row.blame, row.problem_params, was_open=was_open, title=deployment.title)
    return told if in_full else replace(told, tail="")


def _waiting(deployment: Deployment) -> str:
    """Why it waits, and behind how many; on its way out, why nothing goes yet."""
    if deployment.waits_for == QUARANTINE and deployment.phase != Phase.GONE:
        return str(WAITS[QUARANTINE])
    if deployment.phase != Phase.WAITING:
        return ""
    return words.waiting(deployment.waits_for, place_in_line(deployment))
