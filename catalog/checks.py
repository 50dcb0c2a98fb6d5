"""Authors ask for a look at their repository before any curator does, and may then offer it for the shelf."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from catalog import sync
from catalog.models import App, Check, State

if TYPE_CHECKING:
    from portal.models import User

LONGEST = timedelta(minutes=6)
"""A look that takes longer died with its worker; the next worker looks again. Git is given four minutes."""
KEPT = timedelta(days=7)
AT_ONCE = 5


def ask(url: str, ref: str, *, by: "User", at: datetime) -> Check:
    """Ask for a look. What this person had asked for before is forgotten."""
    fresh: dict[str, object] = {
        "asked_at": at,
        "tried_at": None,
        "looked_at": None,
        "commit": "",
        "manifest_json": None,
        "problems": [],
    }
    return Check.objects.update_or_create(by=by, defaults={"url": url, "ref": ref, **fresh})[0]


def look_at_asked(clock: Callable[[], datetime]) -> int:
    """Look at whatever waits: first what authors have asked for, then what was offered. Return how many looks those were.

    Uses the network for up to four minutes each, in no transaction. Repeatable; of two workers each takes another one.
    """
    looked = sum(_check(check, clock) for check in _due(clock())[:AT_ONCE])
    return looked + sum(_take(app, clock) for app in _offered()[:AT_ONCE])


def is_any_asked(at: datetime) -> bool:
    """Whether a repository waits for a look."""
    return _due(at).exists() or _offered().exists()


def offer(check: Check, *, at: datetime) -> bool:
    """Offer what was found right to the curators. Return False if this repository is known already, or was not right."""
    if check.manifest is None or check.problems:
        return False
    try:
        with transaction.atomic():
            App.objects.create(url=check.url, ref=check.ref, added_by=check.by, added_at=at)
    except IntegrityError:
        return False
    return True


def tidy(at: datetime) -> None:
    """Forget looks that are old, and what a worker that died left of one."""
    Check.objects.filter(asked_at__lt=at - KEPT).delete()
    for left in _room().iterdir():
        if left.stat().st_mtime < (at - LONGEST).timestamp():
            shutil.rmtree(left, ignore_errors=True)


def _due(at: datetime) -> "QuerySet[Check]":
    free = Q(tried_at=None) | Q(tried_at__lt=at - LONGEST)
    return Check.objects.filter(free, looked_at=None).order_by("asked_at", "pk")


def _check(check: Check, clock: Callable[[], datetime]) -> bool:
    mine = Check.objects.filter(pk=check.pk, asked_at=check.asked_at)
    if not mine.filter(tried_at=check.tried_at).update(tried_at=clock()):
        return False
    known = App.objects.filter(url=check.url, ref=check.ref).first() or App()
    with TemporaryDirectory(dir=_room()) as root:  # nothing that anybody names stays here
        found = sync.look(check.url, check.ref, root=Path(root), slug=known.slug or "", pk=known.pk)
    manifest = found.manifest.as_json() if found.manifest else None
    problems = [problem.as_json() for problem in found.problems]
    mine.update(looked_at=clock(), commit=found.commit, manifest_json=manifest, problems=problems)
    return True


def _room() -> Path:
    room: Path = settings.MIRRORS.with_name("checks")
    room.mkdir(parents=True, exist_ok=True)
    return room


def _offered() -> "QuerySet[App]":
    return App.objects.filter(state=State.DRAFT, looked_at=None).order_by("added_at", "pk")


def _take(app: App, clock: Callable[[], datetime]) -> bool:
    """If the worker dies now, the curator finds an app that nobody has looked at, with the button for it."""
    at = clock()
    if not App.objects.filter(pk=app.pk, looked_at=None).update(looked_at=at):
        return False
    sync.look_at(app, at=at)
    return True
