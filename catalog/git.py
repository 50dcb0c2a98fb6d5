"""The only caller of git. It runs with nothing of our environment, within limits, and never checks anything out.

Every call is `timeout` (kills the whole group), `sh` (sets limits of file size and memory, sends complaints to a capped
file), `env -i`, then git with the flags below. The words of the shell are constant; what varies are its arguments.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from git.cmd import Git

from catalog.url import Address, GitProblem

ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}
CONFIG = (
    "protocol.allow=never",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=20",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.alternateRefsCommand=true",
    "credential.helper=",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "transfer.fsckObjects=true",
    "fetch.fsck.zeroPaddedFilemode=warn",  # old, harmless, and common in honest repositories
    "fetch.fsck.missingSpaceBeforeDate=warn",
    "fetch.fsck.badTimezone=warn",
    "fetch.unpackLimit=1",  # one pack, never a million loose files
    "transfer.bundleURI=false",
    "fetch.uriProtocols=",
    "gc.auto=0",
    "maintenance.auto=false",
    "pack.threads=1",
)
LIMITED = """
trap '' XFSZ  # a file that grows too large is a failed write with a name, not a silent death
ulimit -c 0 && ulimit -f "$1" && ulimit -v "$2" || exit 97
complaints=$3
shift 3
exec "$@" 2>"$complaints"
"""
BLOCKS_OF_A_MIB = 2048
"""`ulimit -f` of a POSIX shell counts 512 bytes."""
MEMORY_KIB = 2 * 1024 * 1024
TIMED_OUT, KILLED = 124, 137
FOLDERS = ("objects", "refs")
"""Without them git knows no repository. They may hold no file, and then whoever copies files alone leaves them out."""
COMPLAINT = 4000
"""Bytes of git's complaints that are read, from their end."""

SIGNS = (
    ("repository-too-large", "file too large|file size limit|out of memory"),
    ("too-slow", "operation too slow|timed out|less than 1000 bytes"),
    ("repository-moved", "redirect|error: 30[12378]"),
    ("repository-private", "authentication failed|could not read (username|password)|error: 403"),
    ("repository-missing", "repository not found|repository '.*' not found|error: 404|does not exist"),
    ("ref-missing", "couldn't find remote ref|not our ref|no such remote ref|no matching remote head"),
    ("not-a-repository", "is this a git repository|not a git|appear to be a git|invalid server response"),
    ("not-a-repository", "protocol error|bad line length|invalid ls-refs|unexpected line|expected (flush|ref)"),
    ("repository-damaged", "fsck error|index-pack|bad object|pack has bad|necessary objects|missing (blob|tree)"),
    ("repository-unreachable", "unable to access|couldn't connect|failed to connect|connection (refused|reset)"),
    ("repository-unreachable", "could not resolve|hung up|early eof|ssl|tls"),
)
"""What git says, in the order of how much it tells."""


@dataclass(frozen=True)
class Limits:
    """What one call may take."""

    seconds: float = 60
    file_mib: int = 500  # the largest file it may write: a pack, mostly


QUICK = Limits(seconds=15, file_mib=16)


def run(folder: Path, words: Sequence[str], *, limits: Limits = QUICK, address: Address | None = None) -> bytes:
    """Run git in a bare repository and return what it printed. Raises GitProblem.

    Only with an `address` may it speak to anybody, and then only by that protocol, to the hosts that were looked up.
    """
    config = [*CONFIG, f"safe.directory={folder}", *(_allowed(address) if address else ())]
    protocol = address.protocol if address else "none"
    with tempfile.NamedTemporaryFile(prefix="fairground-git-") as complaints:
        command = [
            *("timeout", "-k", "2", str(limits.seconds)),
            *("sh", "-c", LIMITED, "sh", str(limits.file_mib * BLOCKS_OF_A_MIB), str(MEMORY_KIB), complaints.name),
            *("env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items())),
            f"GIT_ALLOW_PROTOCOL={protocol}",
            *("git", f"--git-dir={folder}", *(flag for line in config for flag in ("-c", line)), *words),
        ]
        status, out = _execute(folder, command, limits.seconds + 5)
        if status != 0:
            raise _problem(status, _end_of(complaints.name), address.url if address else "")
        return out


def _execute(folder: Path, command: Sequence[str], kill_after: float) -> tuple[int, bytes]:
    status, out, _ = Git(str(folder)).execute(
        command,
        with_extended_output=True,
        with_exceptions=False,
        stdout_as_string=False,
        strip_newline_in_stdout=False,
        kill_after_timeout=kill_after,  # a second wall behind `timeout`
    )
    assert isinstance(out, bytes)
    return status, out


def create(folder: Path) -> None:
    """Make an empty bare repository, if there is none. Cut off at any line, it is made the next time."""
    if (folder / "HEAD").exists():
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
        return
    fresh = folder.with_name(f".new-{os.getpid()}-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    run(fresh, ["init", "--quiet", "--bare", "--template=", "--initial-branch=none", "--", str(fresh)])
    try:
        fresh.rename(folder)
    except OSError:  # somebody else was quicker
        shutil.rmtree(fresh)


def _allowed(address: Address) -> Sequence[str]:
    local = [f"safe.directory={unquote(address.url.removeprefix('file://'))}{end}" for end in ("", "/.git", ".git")]
    return (
        f"protocol.{address.protocol}.allow=always",
        *(f"http.curloptResolve={pin}" for pin in address.pins),
        *(local if address.protocol == "file" else ()),
    )


def _end_of(path: str) -> str:
    with Path(path).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - COMPLAINT))
        return file.read().decode(errors="replace")


def _problem(status: int, complaints: str, url: str) -> GitProblem:
    detail = " / ".join(line for line in complaints.splitlines() if line.strip())[-500:]
    if status in {TIMED_OUT, KILLED, -9}:
        return GitProblem("too-slow", url=url, detail=detail)
    code = next((code for code, sign in SIGNS if re.search(sign, complaints, re.IGNORECASE)), "git-failed")
    return GitProblem(code, url=url, detail=detail)
