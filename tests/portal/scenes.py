"""Services in every face that their page has, as rows, without waiting for a reconciler."""

import base64
from datetime import datetime, timedelta
from typing import Any

from portal.models import User
from provisioning.models import Archive, Deployment, Entry, Event, LogChunk, Machine, Picture
from provisioning.phases import Happened, Phase, Settled, Wanted
from provisioning.slots import new_machine
from tests.makers import NOON, launch, make_event, make_fabric, make_person, make_release

OUTPUTS = """
[[output]]
id = "name"
label = "Name"
[[output]]
id = "password"
label = "Password"
secret = true
[archive]
paths = ["/srv/board"]
"""
PAGE_SEEN = base64.b64decode("UklGRjgAAABXRUJQVlA4ICwAAADwAQCdASoQAAoABABoJYgCdGuAAs2ZpmAAy06H9IHbtKDbY00YXdXKLAAAAA==")
"""A WebP picture of sixteen by ten points."""
LOG = b"\x1b[1mGet:1\x1b[0m http://deb.debian.org bookworm/main php8.2\nUnpacking php8.2 ...\nSetting up php8.2 ...\n"


def change(row: Deployment | Machine, **columns: Any) -> None:
    """Write columns as the reconciler would have."""
    type(row).objects.filter(pk=row.pk).update(**columns)
    row.refresh_from_db()


def waiting(event: Event | None = None, **columns: Any) -> Deployment:
    """Pressed, and not let in yet."""
    return launch(event or make_event(), make_release(end=OUTPUTS), **columns)


def building(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """Being set up, in the middle of its installer."""
    deployment = waiting(event, at=at, **columns)
    change(deployment, phase=Phase.BUILDING, admitted_at=at, building_since=at, phase_at=at, step="machines")
    machine = new_machine(deployment, make_fabric(), "main", 1, at)
    machine.save(force_insert=True)
    change(machine, steps_done=["allocate", "reach", "fetch_service"], step="install", waiting_since=at)
    LogChunk.objects.create(machine=machine, job="install-1-aaaa", offset=0, size=len(LOG), data=LOG)
    Entry.objects.write(machine, Happened.STEP, at=at, cause="step:1:allocate", step="allocate")
    return deployment


def ready(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """Open, with something handed over and content in it."""
    deployment = building(event, at=at, **columns)
    machine = deployment.machine()
    assert machine is not None
    handed = {"name": "weber", "password": "correct-horse-battery"}
    change(machine, phase=Phase.READY, outputs=handed, content_at=at, content_commit="c" * 40)
    opened = at + timedelta(seconds=38)
    answer = {"ok": True, "status": 200, "matched": "Notice board", "why": ""}
    change(deployment, phase=Phase.READY, ready_at=opened, phase_at=opened, answer=answer)
    Entry.objects.write(deployment, Happened.PHASE, at=opened, cause="phase:1:ready", phase="ready", was="building")
    Picture.objects.create(deployment=deployment, tried_at=opened, taken_at=opened, data=PAGE_SEEN)
    return deployment


def silent(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """Open, and not answering any more."""
    deployment = ready(event, at=at, **columns)
    change(deployment, silent_since=at + timedelta(minutes=4))
    return deployment


def shut(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """Taken off after a report."""
    deployment = ready(event, at=at, **columns)
    deployment.suspend(by=make_person("admin"), why="It asks for passwords that are not its own.", at=at)
    deployment.refresh_from_db()
    return deployment


def failed(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """Given up in the middle of its installer."""
    deployment = building(event, at=at, **columns)
    machine = deployment.machine()
    assert machine is not None
    why = {"problem": "never-answered", "problem_params": {"why": "connection refused"}, "blame": "app"}
    change(machine, phase=Phase.FAILED, failed_attempt=1, **why)
    change(deployment, phase=Phase.FAILED, failed_attempt=1, **why)
    Entry.objects.write(deployment, Happened.PHASE, at=at, cause="phase:1:failed", phase="failed", was="building")
    return deployment


def leaving(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """On its way out, while its copy cannot be made."""
    deployment = ready(event, at=at, **columns)
    why = {"problem": "copy-on-hold", "problem_params": {"why": "copy-failed"}, "blame": "app"}
    change(deployment, wanted=Wanted.GONE, phase=Phase.RETIRING, **why)
    return deployment


def ended(event: Event | None = None, *, at: datetime = NOON, **columns: Any) -> Deployment:
    """Gone, with a kept copy."""
    deployment = ready(event, at=at, **columns)
    machine = deployment.machine()
    assert machine is not None
    copy = {"name": f"{deployment.name}.tar.gz", "sha256": "b" * 64, "size": 1_300_000}
    until = at + timedelta(days=30)
    Archive.objects.create(deployment=deployment, machine=machine, verified_at=at, delete_at=until, **copy)
    left = {"asked_at": at, "removal_asked_at": at, "absent_at": at, "settled": Settled.ARCHIVED, "outputs": {}}
    change(machine, wanted=Wanted.GONE, phase=Phase.GONE, due_at=None, **left)
    change(deployment, wanted=Wanted.GONE, phase=Phase.GONE, phase_at=at, due_at=None)
    Entry.objects.write(deployment, Happened.PHASE, at=at, cause="phase:1:gone", phase="gone", was="retiring")
    return deployment


SCENES = {
    "waiting": waiting,
    "building": building,
    "ready": ready,
    "silent": silent,
    "shut": shut,
    "failed": failed,
    "leaving": leaving,
    "ended": ended,
}


def fair(owner: User, at: datetime) -> dict[str, Deployment]:
    """One event of somebody's with a service in every face."""
    event = make_event(owner, at=at, name="Linden school fair", zone="Europe/Berlin")
    return {name: make(event, at=at, title=name.capitalize()) for name, make in SCENES.items()}
