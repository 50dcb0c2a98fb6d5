"""Long-running programs that we start. Each is written down by pid and start time, and ended by these, not by name."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli import env_file
from cli.home import CHECKOUT, home, make_run_folder, run_folder

LOG_LIMIT = 10_000_000  # bytes; a bigger log is put aside when its program starts
BOOT = Path("/proc/sys/kernel/random/boot_id")
"""A process's start is told in ticks since then; a record may be older."""


def log_file(name: str) -> Path:
    """Where the program's output goes."""
    return home() / "logs" / f"{name}.log"


def start(name: str, words: Sequence[str | Path], env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, so that Ctrl-C does not reach it; written down before its first line runs."""
    log = log_file(name)
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_run_folder()
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
        return subprocess.Popen(
            list(words), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=CHECKOUT,
            env={**os.environ, **(env or {})}, start_new_session=True, umask=0o077,
            preexec_fn=lambda: note(name),  # noqa: PLW1509 - there are no threads here
        )  # fmt: skip


def note(name: str) -> None:
    """Write down that the calling program is this one."""
    fresh = run_folder() / f"{name}-{os.getpid()}.pid"
    fresh.write_text(f"{os.getpid()} {_started(os.getpid())}")
    fresh.replace(
        run_folder() / f"{name}.pid"
    )  # whoever looks at this moment sees the old or the new, never half of it


def pid(name: str) -> int | None:
    """The pid of the program if it still runs. A recycled number is not taken for it."""
    return next((number for record in _records(name) if (number := _living(record))), None)


def stop(name: str, *, patience: float = 15) -> bool:
    """End it: asked first, killed with its whole group after `patience` seconds. Return whether it ran."""
    running = number = pid(name)
    for kind, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        if number is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, kind)
            if kind == signal.SIGKILL:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(number, kind)
            number = _await_end(name, seconds)
    for record in _records(name):
        record.unlink(missing_ok=True)
    return running is not None


def _await_end(name: str, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while (number := pid(name)) is not None and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, os.WNOHANG)
        time.sleep(0.05)
    return number


def last_run_folder() -> Path:
    """Where the last `up` had its sockets: by older code it hung on who called, and FAIRGROUND_RUN may be another today."""
    kept = env_file.read().get("CADDY_ADMIN", "")
    return Path(kept.removeprefix("unix/")).parent if kept.startswith("unix/") else run_folder()


def _records(name: str) -> list[Path]:
    return [folder / f"{name}.pid" for folder in dict.fromkeys((run_folder(), last_run_folder()))]


def _living(record: Path) -> int | None:
    try:
        number, _, started = record.read_text().partition(" ")
    except OSError:
        return None
    found = _started(int(number)) if number.isdigit() else ""
    return int(number) if started and started in {found, found.partition("@")[0]} else None  # older code wrote no boot


def _started(number: int) -> str:
    """When this process began, as the system tells it; empty if it is not there, or only a zombie."""
    stat = Path(f"/proc/{number}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        boot = BOOT.read_text().strip() if BOOT.exists() else ""
        return "" if fields[0] in "ZX" else f"{fields[19]}@{boot}"
    words = ["ps", "-o", "stat=,lstart=", "-p", str(number)]
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    state, _, when = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else when.strip()
