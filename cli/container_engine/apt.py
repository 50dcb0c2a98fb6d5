"""Debian packages: brought with a note of what is new here, and taken away again by that note, never anything else."""

import grp
import os
import pwd
import re
import subprocess
from collections.abc import Iterable

from cli import brought
from cli.container_engine.api import EngineError

_NEW = re.compile(r"^Inst (\S+) \(", re.MULTILINE)
"""A line of apt's simulation; one that is only made newer has its old version in brackets before the new one."""
_GONE = re.compile(r"^(?:Remv|Purg) (\S+)", re.MULTILINE)


ACCOUNTS = {"caddy": "caddy", "docker.io": "docker"}
"""Users and groups that come with a package, and that Debian leaves when it goes."""


def apt_install(packages: tuple[str, ...]) -> None:
    """Install Debian packages. Waits up to 5 minutes for another apt. Raises EngineError with apt's last words."""
    _apt("update")
    words = ("install", "-y", "--no-install-recommends", "--no-upgrade", *packages)
    new = _NEW.findall(_apt("--simulate", *words).stdout)
    brought.write_down(brought.PACKAGES, new)
    brought.write_down(brought.USERS, [ACCOUNTS[name] for name in new if name in ACCOUNTS and not _has(ACCOUNTS[name])])
    done = _apt(*words)
    if done.returncode:
        raise EngineError(f"apt-get could not install {', '.join(packages)}:\n{done.stderr[-800:]}")


def apt_brought() -> list[str]:
    """The packages that we brought, that are still here, and that nothing needs which somebody else has installed since."""
    ours = {name for name in brought.read(brought.PACKAGES) if is_installed(name)}
    if ours and _goes_with(ours) - ours:
        ours = {name for name in ours if not _goes_with([name]) - ours}
    return sorted(ours)


def apt_remove(packages: Iterable[str]) -> None:
    """Take them away with their settings. Raises EngineError with apt's last words, also if anything else would go."""
    names = list(packages)
    if not names:
        return
    if further := _goes_with(names) - set(names):
        raise EngineError(
            f"With what we brought, apt would also remove {', '.join(sorted(further))}: nothing was removed."
        )
    done = _apt("purge", "-y", *names)
    if done.returncode:
        raise EngineError(f"apt-get could not remove {', '.join(names)}:\n{done.stderr[-800:]}")
    for name in names:
        if ACCOUNTS.get(name) in brought.read(brought.USERS):
            for program in ("userdel", "groupdel"):
                subprocess.run([program, ACCOUNTS[name]], capture_output=True, check=False)


def is_installed(package: str) -> bool:
    """Whether it is here, whole."""
    words = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout == "installed"


def _has(account: str) -> bool:
    """Whether there is a user or a group of this name."""
    return any(entry.pw_name == account for entry in pwd.getpwall()) or any(
        entry.gr_name == account for entry in grp.getgrall()
    )


def _goes_with(packages: Iterable[str]) -> set[str]:
    """All that would go with these."""
    return set(_GONE.findall(_apt("--simulate", "purge", *packages).stdout))


def _apt(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Keep-Downloaded-Packages=false", *words],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
