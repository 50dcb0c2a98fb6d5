"""A container engine of our own: `dockerd` started by hand, for root on a machine where no engine answers.

It shares nothing with an engine that the system has or may get: data, sockets, networks and settings are its own.
It outlives whoever started it, and after a `kill -9` its machines live on and the next `start` finds them again.
"""

import contextlib
import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.container_engine import neighbours, traces
from cli.container_engine.api import Api, EngineError
from cli.container_engine.apt import apt_install
from cli.container_engine.neighbours import Rule
from cli.home import home, make_run_folder, run_folder
from cli.mounts import mounted

Say = Callable[[str], None]

PACKAGES = ("docker.io", "iptables")
NETWORKS = "10.214.0.0/16"
"""Where the engine takes networks from when nobody names one. The engine's own pools are used up after 30 networks."""
START_PATIENCE = 60.0
"""Seconds for the first answer; 2 to 4 were measured on two cores."""
LOG_LIMIT = 10_000_000
"""Bytes; a bigger log is put aside when the engine starts."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def folder() -> Path:
    """Where the engine keeps images, machines and its log."""
    return home() / "engine"


def docker_host() -> str:
    """The address of our own engine, whether it runs or not."""
    return f"unix://{run_folder()}/engine.sock"


def was_set_up() -> bool:
    """Say whether our own engine was ever started here: then our machines live there and nowhere else."""
    return _settings_file().exists()


def is_installed() -> bool:
    """Say whether the program is there."""
    return shutil.which("dockerd", path=_PATH) is not None


def pid() -> int | None:
    """The pid of our running engine; None if there is none. A recycled number or a zombie is not taken for it."""
    return _alive(run_folder() / "engine.pid", str(_settings_file()))


def start(say: Say) -> None:
    """Make sure that our own engine runs and answers. Raises EngineError with the end of its log."""
    with _alone():
        started, of_others = None, list[Rule]()
        _make_traversable()
        if pid() is None:
            install(say)
            if not was_set_up():
                traces.look_before()
            say("Starting the container engine …")
            _write_settings()
            of_others = neighbours.rules()
            started = _spawn()
        _await_answer(started, of_others)


def stop() -> None:
    """End the engine; its machines live on. Silent if it does not run. Raises EngineError if it does not end."""
    with _alone():
        if number := pid():
            os.kill(number, signal.SIGTERM)
            deadline = time.monotonic() + START_PATIENCE
            while pid() == number:
                if time.monotonic() > deadline:
                    raise EngineError(f"The container engine (pid {number}) does not end; see {_log_file()}.")
                time.sleep(0.1)
        _unmount()


def delete() -> None:
    """Take away all its data; the settings last, because they say that there is something to take away."""
    for name in reversed(mounted()):
        if name.startswith((f"{folder()}/", f"{run_folder()}/engine/")):
            subprocess.run(["umount", name], capture_output=True, check=False)
    shutil.rmtree(folder() / "data", ignore_errors=True)
    of_root_inside = run_folder().parent.glob(f"{run_folder().name}.[0-9]*.[0-9]*")
    for place in (run_folder() / "engine", *of_root_inside):
        shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(folder())


def install(say: Say) -> None:
    """Install the engine's Debian packages if they are missing. Raises EngineError with apt's last words."""
    if is_installed() and shutil.which("iptables", path=_PATH):
        return
    if not shutil.which("apt-get"):
        raise EngineError("No container engine answers here. Install Docker or Podman, then start again.")
    say("Installing the container engine (Debian package docker.io) …")
    apt_install(PACKAGES)
    if shutil.which("systemctl"):  # the package's own service would be a second engine that nobody asked for
        for unit in ("docker.socket", "docker.service"):
            subprocess.run(["systemctl", "disable", "--now", unit], capture_output=True, check=False)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two starts at a time would be two engines on one data folder."""
    with (make_run_folder() / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _settings_file() -> Path:
    return folder() / "engine.json"


def _alive(pid_file: Path, word: str) -> int | None:
    """The pid in a file, if a living program has this word on its command line."""
    try:
        number = int(pid_file.read_text())
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return number if word.encode() in command.split(b"\0") else None


def _forget_the_dead() -> None:
    """Take away pid files of a killed engine.

    Its containerd dies a moment after it; a new engine that still meets it, even as a zombie, waits for it in vain.
    """
    containerd = run_folder() / "engine" / "containerd"
    deadline = time.monotonic() + 2
    while _alive(containerd / "containerd.pid", str(containerd / "containerd.toml")) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not _alive(containerd / "containerd.pid", str(containerd / "containerd.toml")):
        (containerd / "containerd.pid").unlink(missing_ok=True)
    (run_folder() / "engine.pid").unlink(missing_ok=True)


def _unmount() -> None:
    """Let go of what an ended engine leaves mounted. It stays busy, and stays, while machines live on."""
    left = {str(run_folder() / "engine" / "netns" / "default"), *map(str, (folder() / "data").glob("*.*"))}
    for place in mounted():
        if place in left:
            subprocess.run(["umount", place], capture_output=True, check=False)


def _log_file() -> Path:
    return folder() / "engine.log"


def _write_settings() -> None:
    run = run_folder()
    open_files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65_536)
    chosen = {
        "data-root": str(folder() / "data"),
        "exec-root": str(run / "engine"),
        "pidfile": str(run / "engine.pid"),
        "hosts": [docker_host()],
        "group": "root",
        "bridge": "none",
        "icc": False,
        "userns-remap": "default",
        "live-restore": True,
        "userland-proxy": False,  # its ports would die with the engine; the kernel's rules do not
        "default-address-pools": [{"base": NETWORKS, "size": 28}],
        # Without CAP_SYS_RESOURCE nobody may have more than we have, and the engine's own default is more.
        "default-ulimits": {"nofile": {"Name": "nofile", "Soft": min(open_files, 4096), "Hard": open_files}},
        "log-level": "warn",
        "log-driver": "json-file",
        "log-opts": {"max-size": "5m", "max-file": "2"},
    }
    fresh = _settings_file().with_suffix(".new")
    fresh.write_text(json.dumps(chosen, indent=2))
    fresh.replace(_settings_file())


def _make_traversable() -> None:
    """Root inside a machine is nobody outside, and must be able to walk to its own files. Raises EngineError."""
    folder().mkdir(mode=0o711, parents=True, exist_ok=True)
    for place in (
        folder(),
        home(),
        *([] if "FAIRGROUND_HOME" in os.environ else [home().parent]),
    ):  # those that we made
        place.chmod(place.stat().st_mode | 0o011)
    for place in folder().parents:
        if not place.stat().st_mode & 0o001:
            raise EngineError(
                f"The engine's data would lie under {place}, which other users may not enter. "
                f"Set FAIRGROUND_HOME to a folder that they may walk through, for example /var/lib/fairground/mine."
            )


def _spawn() -> subprocess.Popen[bytes]:
    log = _log_file()
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    _forget_the_dead()
    with log.open("ab") as out:
        return subprocess.Popen(
            ["dockerd", "--config-file", str(_settings_file())],
            env={**os.environ, "PATH": _PATH},
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd="/",
        )  # fmt: skip


def _await_answer(started: subprocess.Popen[bytes] | None, of_others: list[Rule]) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while not Api(docker_host(), timeout=5).answers():
        neighbours.put_back(of_others)  # now and then, so that their machines are away for a moment only
        if time.monotonic() > deadline or (started and started.poll() is not None and pid() is None):
            tail = _log_file().read_text(errors="replace")[-1500:]
            raise EngineError(f"The container engine did not start. The end of {_log_file()}:\n{tail}")
        time.sleep(0.1)
    neighbours.put_back(of_others)
