"""Contents of this machine, each in a folder of its own under /srv/fairground/content; the target is a link to one."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from machine.onboard import content, tree
from machine.onboard.failure import Failed, Why
from machine.onboard.git import Git
from machine.onboard.given import Parameters
from machine.onboard.places import CONTENTS, flush_folder
from machine.onboard.unpack import unpack

KEPT = 2
"""Older contents that stay beside the one in use."""
MODES = ("mirror", "fast-forward", "once")
FRESH = CONTENTS / ".fresh"
PACKED = CONTENTS / ".packed"
BEFORE = CONTENTS / ".before"
"""What was at the target before the first content."""


class Release:
    """What is content, and where it goes."""

    def __init__(self, given: Parameters) -> None:
        self.path = given.inner_path("path")
        self.archive = given.inner_path("archive")
        self.target = given.full_path("target")
        self.mode = given.text("mode", "mirror")
        self.most = given.number("max_size", 500 << 20)
        self.loaded = given.flag("loaded")
        if self.mode not in MODES:
            raise Failed(Why.BAD_PARAMETERS, f"mode: expected one of {', '.join(MODES)}")

    def name(self, commit: str) -> str:
        """The folder's name: another part of the same commit is another content."""
        part = hashlib.sha256(f"{self.path}\0{self.archive}".encode()).hexdigest()
        return f"{commit[:16]}-{part[:8]}"


def in_place(release: Release, name: str) -> bool:
    """Is this content at the target? In mode "once" the app may have changed it since: that it came there is enough."""
    target = Path(release.target)
    if release.mode == "once":
        return target.is_dir() and not target.is_symlink() and was_given(release)
    return target.is_symlink() and target.resolve() == (CONTENTS / name).resolve() and target.is_dir()


def was_given(release: Release) -> bool:
    """Does a folder at the target belong to the app? Older code of ours noted no more than that it had a commit."""
    known = content.status()
    return release.loaded or release.target == (known["placed"] or (release.target if known["commit"] else ""))


def put_in_place(git: Git, release: Release, commit: str) -> None:
    """Bring a commit's content to the target."""
    place = CONTENTS / release.name(commit)
    if in_place(release, place.name):
        return
    CONTENTS.mkdir(parents=True, exist_ok=True)
    if release.mode == "once" or not place.exists():
        export(git, release, commit)
    target = Path(release.target)
    if release.mode == "once":
        give(target)
        return
    make_room(target)
    if not place.exists():
        FRESH.rename(place)
    os.utime(place)
    tree.point(target, place)


def give(target: Path) -> None:
    """Put FRESH at the target in one moment, just after writing down that it will be there: no other folder is, by then."""
    beside = target.with_name(f".{target.name}.fairground")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(beside, ignore_errors=True)
    shutil.move(str(FRESH), str(beside))
    make_room(target)
    target.unlink(missing_ok=True)
    flush_folder(target.parent)
    content.note(placed=str(target))
    beside.rename(target)


def export(git: Git, release: Release, commit: str) -> None:
    """Write the content to FRESH and check it. What an earlier attempt left there goes first."""
    shutil.rmtree(FRESH, ignore_errors=True)
    PACKED.unlink(missing_ok=True)
    if release.archive:
        git.copy_file(commit, release.archive, PACKED)
        unpack(PACKED, FRESH, release.most)
        PACKED.unlink()
        keep_only(release.path)
    else:
        git.check_out(commit, release.path, FRESH)
    if not tree.adopt(FRESH, release.most):
        raise Failed(Why.NOTHING_THERE, "there is no file in it")


def keep_only(path: str) -> None:
    """Of what was unpacked, keep one folder."""
    if not path:
        return
    inner, chosen = FRESH / path, FRESH.with_name(".chosen")
    if not inner.is_dir() or inner.is_symlink():
        raise Failed(Why.NOTHING_THERE, f"{path} is not a folder of the archive")
    shutil.rmtree(chosen, ignore_errors=True)
    inner.rename(chosen)
    shutil.rmtree(FRESH)
    chosen.rename(FRESH)


def make_room(target: Path) -> None:
    """What is at the target and is not ours is set aside; an empty folder just goes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or not target.exists():
        return
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
        return
    shutil.rmtree(BEFORE, ignore_errors=True)
    shutil.move(str(target), str(BEFORE))


def prune(shown: str, good: str) -> None:
    """Keep what is shown, the last one that the app was told of, and the newest others; remove older ones."""
    if CONTENTS.exists():
        others = sorted(tree.oldest_first(CONTENTS, shown), key=lambda other: other.name == good)
        for old in others[:-KEPT]:
            shutil.rmtree(old)
