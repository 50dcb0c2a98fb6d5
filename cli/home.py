"""Where this checkout keeps everything that is not code. Stdlib only: it runs before the virtual environment."""

import hashlib
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def mark() -> str:
    """Eight hex digits that tell two checkouts on one machine apart."""
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]


def home() -> Path:
    """The folder of data: database, keys, mirrors, copies, engine. FAIRGROUND_HOME moves it.

    For root it is outside the checkout, because an engine with user namespaces cannot start under a 0700 folder.
    """
    if chosen := os.environ.get("FAIRGROUND_HOME"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/lib/fairground") / mark()
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "fairground" / mark()


def run_folder() -> Path:
    """The folder of sockets and pid files; short, because a socket's path has at most 107 bytes."""
    if chosen := os.environ.get("FAIRGROUND_RUN"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/run") / f"fairground-{mark()}"
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"fairground-{mark()}"  # noqa: S108 - made 0700 by us


def known_by(portal_id: str) -> str:
    """What a portal answers when it is asked who it is; tells nobody its id."""
    return hashlib.sha256(portal_id.encode()).hexdigest()[:16]


def settings_file() -> Path:
    """NAME=value lines written by `up`: keys, ports, sockets. Read by portal/settings.py; 0600."""
    return home() / "fairground.env"
