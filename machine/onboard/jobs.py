"""Starting and ending detached jobs. What each file of a job's folder says is in README.md."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from machine.onboard import kernel
from machine.onboard.job_log import LogWriter
from machine.onboard.job_runner import ENDED_CODE, GRACE, finish, job_run, program_of, reserve
from machine.onboard.looks import job_name, wait_for_end
from machine.onboard.places import GIVEN, JOBS, flush_folder, read_json, state, write_json
from machine.onboard.wire import Given, Refused, number, text, texts

MOST_LAUNCHES = 3
"""How often one job is started in all, when restarts of the machine cut it off."""
LONGEST = 7 * 24 * 3600
KEPT = 5
"""Ended jobs of one step whose folders stay, the newest. Only the newest of a step is ever looked at or asked for again."""
STEP = re.compile(r"[a-z]+(?:-[a-z]+)*")


def job_start(given: Given) -> dict[str, Any]:
    """Start a job, unless its name was ever used: {name, argv, directory, env_file, user, timeout, safe_to_repeat}."""
    job: dict[str, Any] = {
        "name": job_name(given),
        "argv": texts(given, "argv"),
        "directory": text(given, "directory", "/"),
        "env_file": text(given, "env_file", ""),
        "user": text(given, "user", "root"),
        "timeout": number(given, "timeout", 900, least=0.1, most=LONGEST),
        "safe_to_repeat": given.get("safe_to_repeat", True) is True,
    }
    program_of(job).check()
    folder = JOBS / job["name"]
    if folder.exists():
        return {"started": False}
    lock = claim(folder, job)
    if lock is None:
        return {"started": False}
    launch(folder, lock)
    forget_old(STEP.match(job["name"]))
    return {"started": True}


def forget_old(step: re.Match[str] | None) -> None:
    """Remove what older jobs of this step left: their folders, and what they were given. One that has not ended stays."""
    ended: list[tuple[float, Path]] = []
    for folder in JOBS.glob("[a-z0-9]*"):
        same = STEP.match(folder.name)
        with suppress(FileNotFoundError):  # it runs, or another one forgets it
            if step and same and same[0] == step[0]:
                ended.append(((folder / "exit.json").stat().st_mtime, folder))
    for _, folder in sorted(ended, reverse=True)[KEPT:]:
        with suppress(FileNotFoundError):
            folder.rename(old := folder.with_name(f".old-{folder.name}"))
            shutil.rmtree(old)
        (GIVEN / f"{folder.name}.json").unlink(missing_ok=True)


def start_afresh(given: Given) -> bool:
    """Start a job whose name may be used again, unless it runs just now."""
    folder = JOBS / job_name(given)
    if folder.exists():
        if not wait_for_end(folder, 0):
            return False
        old = folder.with_name(f".old-{folder.name}")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        shutil.rmtree(old)
    return bool(job_start(given)["started"])


def claim(folder: Path, job: dict[str, Any]) -> int | None:
    """Make the job's folder beside, complete and locked; then rename it. Of two who try, one gets None."""
    state()
    JOBS.mkdir(mode=0o700, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=JOBS))
    write_json(fresh / "job.json", job)
    reserve(fresh)
    lock = os.open(fresh / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh)
        if not folder.exists():
            raise
        return None
    flush_folder(JOBS)
    return lock


def launch(folder: Path, lock: int) -> None:
    """Send the runner off, with the lock in its hand. It is a fork of us: to load a Python anew costs more than most jobs."""
    with (folder / "launches").open("ab") as count:
        count.write(b".")
    if os.fork():
        os.close(lock)
        return
    code = 1
    try:
        leave(folder / "runner.err", lock)
        job_run(folder, lock)
        code = 0
    except BaseException:  # noqa: BLE001 - whoever forked us must not go on twice
        os.write(2, import_module("traceback").format_exc().encode())
    finally:
        os._exit(code)


def leave(errors: Path, kept: int) -> None:
    """Into a session of our own, without anything that was open but this one file."""
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    told = os.open(errors, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for mine, standard in ((nothing, 0), (nothing, 1), (told, 2)):
        os.dup2(mine, standard)
    for entry in Path("/proc/self/fd").iterdir():
        if int(entry.name) > 2 and int(entry.name) != kept:
            with suppress(OSError):  # the list's own
                os.close(int(entry.name))


def revive(folder: Path) -> str:
    """The runner is dead and left no exit status. Run the job again if that is safe; else say why nobody knows."""
    lock = os.open(folder / "lock", os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)  # another look is at it, or it has been revived
        return ""
    if (folder / "exit.json").exists():
        os.close(lock)
        return ""
    why = end_leftovers(folder)
    job = read_json(folder / "job.json") or {}
    launches = (folder / "launches").stat().st_size if (folder / "launches").exists() else 0
    begun = (folder / "run.json").exists()
    if launches >= MOST_LAUNCHES or (begun and not job.get("safe_to_repeat")):
        os.close(lock)
        return why
    if begun:
        LogWriter(folder).add(f"\n--- cut off ({why}), started again\n".encode())
    launch(folder, lock)
    return ""


def end_leftovers(folder: Path) -> str:
    """Kill what a dead runner left behind. Returns why the run broke off."""
    run = read_json(folder / "run.json")
    if run is None:
        return "never-began"
    if run["mark"] != kernel.reboot_mark():
        return "machine-restarted"
    if kernel.ours(run["pid"], run["since"], f"FAIRGROUND_JOB={folder.name}"):
        kernel.signal_group(run["pid"], signal.SIGKILL)
    return "no-exit-status"


def job_end(given: Given) -> dict[str, Any]:
    """End a job for good, if it runs: {name}. TERM to its whole group, KILL five seconds later; code 143."""
    folder = JOBS / job_name(given)
    return {"ended": folder.exists() and end(folder)}


def end(folder: Path) -> bool:
    """End one job; True if there was something to end."""
    if (folder / "exit.json").exists():
        return False
    deadline = time.monotonic() + 2 * GRACE + 3
    lock = os.open(folder / "lock", os.O_RDWR)
    try:
        while not wait_for_end(folder, 0) and time.monotonic() < deadline:
            ask_runner(folder)
            wait_for_end(folder, 1)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (folder / "exit.json").exists():
            end_leftovers(folder)
            finish(folder, ENDED_CODE, "ended")
    except BlockingIOError:
        raise Refused("will-not-end", folder.name)
    finally:
        os.close(lock)
    return True


def ask_runner(folder: Path) -> None:
    """Ask a living runner to end its job."""
    run = read_json(folder / "run.json")
    if run and run["mark"] == kernel.reboot_mark() and kernel.alive(run["runner"], run["runner_since"]):
        os.kill(run["runner"], signal.SIGTERM)
