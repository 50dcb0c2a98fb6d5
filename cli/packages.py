"""The programs that we need from the system, and the Debian packages that bring them. The one list of them."""

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from cli.container_engine import apt_install
from cli.talk import HaltError, is_root, say

PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Need:
    """One thing that must be there."""

    what: str  # for people
    programs: tuple[str, ...]  # any of them will do
    packages: tuple[str, ...]
    services: tuple[str, ...] = ()  # units that Debian starts by itself, and that nobody asked for

    @property
    def program(self) -> str:
        """Where it is; empty if it is missing."""
        return next((found for name in self.programs if (found := shutil.which(name, path=PATH))), "")


GIT = Need("git", ("git",), ("git",))
CADDY = Need("the front door (Caddy)", ("caddy",), ("caddy",), ("caddy",))
POSTGRES = Need("a PostgreSQL server", ("pg_ctlcluster", "postgres"), ("postgresql",), ("postgresql",))
REDIS = Need("a Redis server", ("redis-server",), ("redis-server",), ("redis-server",))
SSHD = Need("an SSH server", ("sshd",), ("openssh-server",), ("ssh",))
BROWSER = Need("a browser", ("chromium", "chromium-browser", "google-chrome"), ("chromium",))
RUNIT = Need("runit", ("runsv",), ("runit",), ("runit",))
CRON = Need("cron", ("crontab",), ("cron",), ("cron",))
BOOTSTRAP = Need("mmdebstrap", ("mmdebstrap",), ("mmdebstrap", "debian-archive-keyring"))
COMPOSE = Need("docker-compose", ("docker-compose",), ("docker-compose",))
GETTEXT = Need("gettext", ("msgfmt",), ("gettext",))
RSYNC = Need("rsync", ("rsync",), ("rsync",), ("rsync",))
MAGIC = Need("file", ("file",), ("file",))

FOR_UP = (GIT, CADDY)
FOR_TESTS = (GIT, CADDY, POSTGRES, REDIS, SSHD, BROWSER, RUNIT, CRON, BOOTSTRAP, COMPOSE, GETTEXT, RSYNC, MAGIC)


def may_install() -> bool:
    """Whether we can bring Debian packages ourselves."""
    return is_root() and shutil.which("apt-get") is not None


def has_venv() -> bool:
    """Whether this Python can make virtual environments; Debian keeps that in a package of its own."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("ensurepip") is not None


def missing(needs: tuple[Need, ...]) -> list[Need]:
    """Those that are not there."""
    return [need for need in needs if not need.program]


def venv_package() -> str:
    """Debian's package that lets this Python make virtual environments."""
    return f"python3.{sys.version_info.minor}-venv"


def names(needs: list[Need]) -> str:
    """Their packages, as one types them after `apt install`."""
    return " ".join(package for need in needs for package in need.packages)


def install(needs: list[Need]) -> None:
    """Bring them. Services that Debian starts along with them are stopped: we run our own. Raises EngineError."""
    if not needs:
        return
    say(f"Installing Debian packages: {names(needs)} …")
    apt_install(tuple(package for need in needs for package in need.packages))
    if shutil.which("systemctl"):
        for service in (service for need in needs for service in need.services):
            subprocess.run(["systemctl", "disable", "--now", service], capture_output=True, check=False)


def require(needs: list[Need], *further: str) -> None:
    """Raises HaltError with exactly what to install, if anything is missing and we cannot bring it.

    `further`: packages that bring no program.
    """
    if (needs or further) and not may_install():
        told = ", ".join([*(need.what for need in needs), *further])
        wanted = " ".join(filter(None, [names(needs), *further]))
        raise HaltError(f"Missing here: {told}. On Debian or Ubuntu, as root: apt install {wanted}")
