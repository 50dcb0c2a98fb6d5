"""Caddy as a program of its own: our settings, our folders; people's services go on answering when the portal stops."""

import socket
import time
from pathlib import Path

from cli import programs
from cli.home import home, run_folder
from cli.packages import CADDY
from cli.talk import HaltError

NAME = "front-door"
PATIENCE = 60.0  # seconds for the first answer; 0.2 were measured


def admin() -> str:
    """Where its admin API listens, as CADDY_ADMIN; only we can open this socket."""
    return f"unix/{run_folder()}/caddy.sock"


def config_file() -> Path:
    """Its whole configuration as of the last `up`."""
    return home() / "caddy" / "base.json"


def start(*, afresh: bool) -> bool:
    """Make sure that it runs; return whether it had to be started. Raises HaltError.

    `afresh`: from the configuration file, which `up` has just written from the rows. Else, after a fall, with its own
    last one, which knows all changes since.
    """
    if programs.pid(NAME):
        return False
    if afresh:
        (home() / "caddy" / "caddy" / "autosave.json").unlink(missing_ok=True)
    folders = {"XDG_CONFIG_HOME": str(home() / "caddy"), "XDG_DATA_HOME": str(home() / "caddy" / "data")}
    child = programs.start(NAME, [CADDY.program, "run", "--resume", "--config", config_file()], folders)
    deadline = time.monotonic() + PATIENCE
    while not _answers():
        if child.poll() is not None or time.monotonic() > deadline:
            stop()
            raise HaltError(_why_not(_tail()))
        time.sleep(0.05)
    return True


def stop() -> bool:
    """End it; return whether it ran."""
    return programs.stop(NAME)


def _answers() -> bool:
    """Whether it shows its configuration: only when all its doors are open. Its socket is there before, and if they fail."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(2)
        try:
            wire.connect(admin().removeprefix("unix/"))
            wire.sendall(b"GET /config/admin HTTP/1.1\r\nHost: fairground\r\nConnection: close\r\n\r\n")
            return b" 200 " in wire.recv(100)
        except OSError:
            return False


def _why_not(tail: str) -> str:
    if "address already in use" in tail:
        return (
            "The services' port was taken by another program at the last moment. "
            f"End it, or choose another with --apps-port.\n{tail.splitlines()[-1]}"
        )
    return f"The front door did not start. The end of {programs.log_file(NAME)}:\n{tail}"


def _tail() -> str:
    return programs.log_file(NAME).read_text(errors="replace")[-1000:]
