"""Where this checkout keeps everything that is not code. Stdlib only: it runs before the virtual environment."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parent.parent
CALLED_FROM = Path(os.environ.pop("FAIRGROUND_CALLED_FROM", "."))
"""Where the caller stands: the door goes to the checkout before it starts us. Not for programs that we start."""
LONGEST_RUN_FOLDER = 90
"""Bytes: a socket's path has at most 107, and one of an installation apart ends in /bench/caddy.sock."""
_PLAIN = "".join(chr(number) for number in range(0x21, 0x7F) if chr(number) not in '%"\\')


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


def as_meant(word: str) -> Path:
    """The path that somebody wrote, from where they stand."""
    path = Path(word)
    return path if path.is_absolute() else (CALLED_FROM / path).absolute()


def run_folder() -> Path:
    """The folder of sockets and pid files, by nothing but the home: `down` from cron finds what `up` at a desk wrote."""
    if chosen := os.environ.get("FAIRGROUND_RUN"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/run") / f"fairground-{mark()}"
    near = home() / "run"
    return near if len(bytes(near)) <= LONGEST_RUN_FOLDER else Path("/tmp") / f"fairground-{mark()}"  # noqa: S108 - made 0700 by us


def make_run_folder() -> Path:
    """Make sure that it is there, for us alone. A home on the way to it is one that others may walk through, as always."""
    if run_folder().is_relative_to(home()):
        home().mkdir(mode=0o711, parents=True, exist_ok=True)
    run_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    return run_folder()


def known_by(portal_id: str) -> str:
    """What a portal answers when it is asked who it is; tells nobody its id."""
    return hashlib.sha256(portal_id.encode()).hexdigest()[:16]


def settings_file() -> Path:
    """NAME=value lines written by `up`: keys, ports, sockets. Read by portal/settings.py; 0600."""
    return home() / "fairground.env"


def file_url(place: Path) -> str:
    """How git and manifests are told a folder of this computer: a space, an umlaut and their like as %XX."""
    return f"file://{quote(str(place), safe=_PLAIN)}"
