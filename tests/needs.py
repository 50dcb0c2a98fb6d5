"""What the marked tests need on this machine, in one place; `./fairground test` reads it too."""

import os
import shutil
import subprocess
from collections.abc import Callable

from cli import container_engine

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def program(*names: str) -> str:
    """The first of these programs that is installed; empty if none is."""
    return next((found for name in names if (found := shutil.which(name, path=PATH))), "")


def _engine() -> bool:
    return container_engine.find() is not None


def _cobbler() -> bool:
    has_all = all(program(name) for name in ("unshare", "nsenter", "setpriv", "rsync", "file"))
    return has_all and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


NEEDS: dict[str, tuple[str, Callable[[], object]]] = {
    "engine": ("a container engine that answers", _engine),
    "browser": ("chromium", lambda: program("chromium", "chromium-browser", "google-chrome")),
    "postgres": (
        "a PostgreSQL server (DATABASE_URL)",
        lambda: os.environ.get("DATABASE_URL", "").startswith("postgres"),
    ),
    "redis": ("redis-server", lambda: program("redis-server")),
    "sshd": ("sshd", lambda: program("sshd")),
    "cobbler": ("root, with rsync and file: a Cobbler gets its own view of the files", _cobbler),
    "compose": ("docker-compose", lambda: program("docker-compose")),
    "caddy": ("caddy", lambda: program("caddy")),
    "gettext": ("gettext", lambda: program("msgfmt")),
}
