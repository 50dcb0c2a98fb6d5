"""What makes up the portal itself on this computer: the one list that backup, restore and remove go by."""

import os
from pathlib import Path
from urllib.parse import unquote, unquote_plus, urlsplit

from cli import env_file
from cli.home import CHECKOUT, home

SQLITE = "fairground.sqlite3"
FOLDERS = ("mirrors", "starter")
"""Beside the database. Kept copies (`archives`) are dealt with apart: they may be big."""


def setting(name: str, default: str = "") -> str:
    """A setting as the portal sees it: the environment wins over the file."""
    return os.environ.get(name) or env_file.read().get(name, default)


def folder(name: str) -> Path:
    """Where one of the folders of data lies; mirrors, archives and backups can be moved by a setting."""
    return Path(setting(name.upper(), str(home() / name)))


def bucket() -> str:
    """The name of the bucket that kept copies go to; empty where they go to the folder `archives`."""
    return setting("COPIES_BUCKET")


def sqlite_file() -> Path | None:
    """The database's file; None where the database is a server."""
    url = setting("DATABASE_URL")
    if not url:
        return home() / SQLITE
    return CHECKOUT / unquote_plus(urlsplit(url).path[1:]) if url.startswith("sqlite:") else None


def postgres_settings() -> dict[str, str]:
    """The server's place for PostgreSQL's own programs; in the environment, because arguments are seen by everybody."""
    url = urlsplit(setting("DATABASE_URL"))
    place, _, name = unquote(url.path.removeprefix("/")).rpartition("/")  # a place here is the folder of its socket
    told = {
        "PGHOST": place or url.hostname or "",
        "PGPORT": str(url.port or ""),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": name,
    }
    return {**os.environ, **{name: text for name, text in told.items() if text}}
