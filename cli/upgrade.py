"""`./fairground upgrade`: newer code, then a start with it. A backup comes first, and a failure tells the way back."""

import subprocess
from shlex import quote

from cli import backup, ours, portal_files, programs, service
from cli.home import CHECKOUT, settings_file
from cli.talk import HaltError, say


def upgrade(ref: str) -> int:
    """To this ref, else to what the branch follows; only forward. Raises HaltError. No data is lost either way."""
    if _git("status", "--porcelain", "--untracked-files=no"):
        raise HaltError(f"Files of {CHECKOUT} were changed here. `git stash` puts that aside; nothing was upgraded.")
    before = _git("rev-parse", "HEAD")
    kept = portal_files.folder("backups") / f"before-upgrade-{before[:12]}.tar"
    if settings_file().exists():
        say(f"Keeping the portal in {backup.take(kept, copies=False)} …")
    if ref:
        _git("fetch", "--tags", "origin", ref)
        _git("merge", "--ff-only", "FETCH_HEAD")
    else:
        _git("pull", "--ff-only")
    if (after := _git("rev-parse", "HEAD")) == before:
        say("This is the newest already.")
        return 0
    say(f"The code is {after[:12]} now; it was {before[:12]}.")
    _start_anew(
        "The upgrade did not start; services run on and no data is lost. To go back:\n"
        f"    git -C {quote(str(CHECKOUT))} reset --keep {before}\n"
        f"    ./fairground restore --yes {quote(str(kept))}\n"
        "    ./fairground up"
    )
    return 0


def _start_anew(way_back: str) -> None:
    """By the new code, in a program of its own: it brings packages, keeps and changes the database, and starts."""
    if service.is_active():
        if not service.restart():
            raise HaltError(way_back)
        return
    if programs.pid("up") is None:
        say("The portal does not run. The next `./fairground up` brings packages and database up to date.")
        return
    for name in ("up", *ours.NAMES):
        programs.stop(name, patience=30)
    words = [str(CHECKOUT / "fairground"), "up", "--yes", "--detach"]
    if subprocess.run(words, check=False, stdin=subprocess.DEVNULL).returncode:
        raise HaltError(way_back)


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(CHECKOUT), *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise HaltError(f"git {words[0]} refused, and nothing was upgraded:\n{done.stderr.strip()[-1000:]}")
    return done.stdout.strip()
