"""`./fairground remove`: takes away everything that `up` ever brought. Says first what goes, and asks about kept copies.

What tells where things are goes last, so that after a fall at any line the same command goes on.
"""

import contextlib
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli import (
    brought,
    container_engine,
    front_door,
    machines,
    ours,
    portal_files,
    programs,
    service,
    up,
    venv,
)
from cli.backup import COPIES
from cli.container_engine import own
from cli.container_engine.apt import apt_brought, apt_remove
from cli.home import CHECKOUT, home, mark, run_folder, settings_file
from cli.machine_image import remove_images
from cli.manage import manage
from cli.mounts import mounted
from cli.talk import HaltError, agree, many, say, somebody_is_there

LIST = "LIST.json"
"""Beside copies that outlive the portal: whose they are, which nobody could tell any more."""
SHOWN = 10


def remove(*, yes: bool, keep_copies: bool, delete_copies: bool) -> int:
    """Tell, ask, do. 0 if nothing of ours is left, 1 if something had to stay. Raises HaltError and EngineError."""
    if not home().exists() and not run_folder().exists():
        say("There is nothing of Fairground here.")
        return 0
    up.known_engine()  # halts before anything is changed
    known = _belongings()
    delete = _copies_may_go(known, yes=yes, keep=keep_copies, delete=delete_copies)
    agree(_plan(known, delete=delete), yes=yes)
    service.take_away()
    _stop_programs()
    with up.only_one():
        stays = _take_away_machines()
        _save_copies(known, delete=delete)
        _take_away_files(leaving_engine=bool(stays))
    if stays:
        say(f"{stays} Data in {home()} stay until then; `./fairground remove` goes on.")
        return 1
    apt_remove(apt_brought())
    _forget()
    say(f"Nothing of Fairground is left but this checkout, {CHECKOUT}.")
    return 0


# --- telling and asking -------------------------------------------------------------------------------------------------


def _belongings() -> dict[str, Any]:
    """What would be lost; without a database that answers, only what the files tell."""
    if venv.PYTHON.exists() and settings_file().exists():
        with contextlib.suppress(HaltError, ValueError):
            return dict(json.loads(manage("belongings")))
    files = sorted(path.name for path in portal_files.folder(COPIES).glob("*") if path.name != LIST)
    return {"name": "Fairground", "services": [], "copies": [{"file": name, "event": "unknown"} for name in files]}


def _copies_may_go(known: dict[str, Any], *, yes: bool, keep: bool, delete: bool) -> bool:
    """Whether the kept copies are deleted: only where somebody said so in as many words, and never out of a bucket."""
    if portal_files.bucket():
        return False
    if not known["copies"] or delete or keep or yes or not somebody_is_there():
        return bool(delete and known["copies"])
    events = Counter(copy["event"] for copy in known["copies"])
    told = ", ".join(f"“{event}” {many}" for event, many in sorted(events.items()))
    print(f"Kept copies of services: {len(known['copies'])}, of these events: {told}.")
    typed = input(f"Type {known['name']} to delete them for ever; else they are kept: ")
    return typed.strip() == str(known["name"])


def _plan(known: dict[str, Any], *, delete: bool) -> list[str]:
    """Every change, in a sentence."""
    backups = list(portal_files.folder("backups").glob("*.tar"))
    told = [
        *_services(known["services"]),
        *_copies(len(known["copies"]), delete=delete),
        f"Stop all programs of Fairground; remove machines, networks, the machine image and chains FAIRGROUND-{mark()}-….",
        *([f"End the container engine of Fairground's own, and delete its data in {own.folder()}."] * own.was_set_up()),
        f"Delete {home()}: database, keys, mirrors, logs{f', and {len(backups)} backups' if backups else ''}.",
        *(f"Delete {place}." for place in (*_run_folders(), *_environments()) if place.exists()),
        *([f"Delete the systemd unit {service.unit_file()}."] if service.unit_file().exists() else []),
    ]
    packages = apt_brought()
    return told + ([f"Remove the Debian packages that came with it: {' '.join(packages)}."] if packages else [])


def _copies(count: int, *, delete: bool) -> list[str]:
    """What becomes of the kept ones. In a bucket, nothing is deleted by us: other portals may have theirs there, too."""
    listed = _copies_kept_in() / LIST
    if bucket := portal_files.bucket():
        named = f"objects {portal_files.setting('COPIES_FOLDER')}…{f', as {listed} tells' if count else ''}"
        return [f"Leave kept copies of services in the bucket {bucket}. Its own tools can delete them: {named}."]
    if delete:
        return [f"DELETE {count} kept copies of services for ever."]
    kept = f"Keep {many(count, 'copy', 'copies')} of services in {listed.parent}, with a list of what they are."
    return [kept] if count else []


def _services(living: list[dict[str, str]]) -> list[str]:
    if not living:
        return []
    names = ", ".join(f"“{one['title']}” ({one['event']}, {one['phase']})" for one in living[:SHOWN])
    further = f" and {len(living) - SHOWN} more" if len(living) > SHOWN else ""
    told = f"END {many(len(living), 'service', 'services')}, without a copy of what people put into them: {names}{further}."
    return [f"{told} For copies, end them on their pages first."]


def _copies_kept_in() -> Path:
    """Where they were put by a setting, else beside the home."""
    place = portal_files.folder(COPIES)
    return home().with_name(f"{home().name}-copies") if place.is_relative_to(home()) else place


# --- doing --------------------------------------------------------------------------------------------------------------


def _stop_programs() -> None:
    for _ in _installations():
        for name in (up.NAME, *ours.NAMES):
            programs.stop(name, patience=30)
        front_door.stop()


def _take_away_machines() -> str:
    """Return what has to stay, and why; empty if nothing."""
    if own.was_set_up():
        own.start(say)
    if engine := up.known_engine():
        say("Removing machines and networks …")
        for _ in _installations():
            machines.remove(engine)
    stays = container_engine.remove()
    if engine and not engine.is_ours:
        remove_images(engine)
    return stays


def _installations() -> Iterator[Path]:
    """The home of `up`, then those apart in it (of a demo or bench that was killed); each is the home while it is looked at."""
    here = {"FAIRGROUND_HOME": str(home()), "FAIRGROUND_RUN": str(run_folder())}
    apart = [file.parent.name for file in sorted(home().glob("*/fairground.env"))]
    before = {name: os.environ.get(name) for name in here}
    try:
        yield home()
        for name in apart:
            os.environ |= {key: f"{place}/{name}" for key, place in here.items()}
            yield home()
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _save_copies(known: dict[str, Any], *, delete: bool) -> None:
    """Out of the home; what is there already is never overwritten, because the names are used once."""
    place, target = portal_files.folder(COPIES), _copies_kept_in()
    if delete:
        for copy in known["copies"]:
            (place / copy["file"]).unlink(missing_ok=True)
        return
    if not known["copies"]:
        return
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    (target / LIST).touch(mode=0o600)
    (target / LIST).write_text(json.dumps(known["copies"], indent=1))
    for path in place.glob("*"):
        if not (target / path.name).exists():
            shutil.move(path, target / path.name)
    if bucket := portal_files.bucket():
        say(f"Kept copies stay in the bucket {bucket}; {target / LIST} tells which they are.")
    else:
        say(f"{len(known['copies'])} kept copies lie in {target}.")


def _take_away_files(*, leaving_engine: bool) -> None:
    """All but what tells where the rest is: the settings, and what was brought."""
    say("Deleting data …")
    kept = {settings_file(), brought.file(), *([own.folder()] if leaving_engine else [])}
    for path in home().glob("*"):
        if path not in kept:
            _delete(path)
    for path in (*_environments(), *([] if leaving_engine else _run_folders())):
        _delete(path)


def _run_folders() -> list[Path]:
    """Those outside the home: today's, and one that older code chose."""
    chosen = {run_folder(), *(one for one in [programs.last_run_folder()] if one.name == f"fairground-{mark()}")}
    return sorted(place for place in chosen if not place.is_relative_to(home()))


def _environments() -> list[Path]:
    """The virtual environment, if it was made for this home, and what is collected beside it."""
    made = [Path(name) for name in brought.read(brought.ENVIRONMENTS)]
    return [*made, CHECKOUT / "staticfiles"] if made else []


def _forget() -> None:
    _delete(home())
    for parent in home().parents:
        if parent.name != "fairground":
            break
        with contextlib.suppress(OSError):  # another checkout's data lie there
            parent.rmdir()


def _delete(path: Path) -> None:
    for place in reversed(mounted()):
        if place.startswith(f"{path}/"):
            subprocess.run(["umount", place], capture_output=True, check=False)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
