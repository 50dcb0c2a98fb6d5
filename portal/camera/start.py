"""Runs in a process of its own, before the browser takes its place: less of everything, and its two pipes where it wants them.

Stdlib alone: `python -I start.py READ WRITE FOLDER PROGRAM …`. As root it becomes nobody, and the folder nobody's.
"""

import os
import pwd
import resource
import sys
from fcntl import F_DUPFD, fcntl
from pathlib import Path

CPU_SECONDS = 60
LARGEST_FILE = 256 * 1024 * 1024
LAST = "1000"
"""When memory runs out, this goes before anything of ours."""


def main(read: int, write: int, folder: str, program: list[str]) -> None:
    """Become the browser."""
    os.umask(0o077)
    os.nice(10)
    Path("/proc/self/oom_score_adj").write_text(LAST)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for at, pipe in enumerate([fcntl(read, F_DUPFD, 10), fcntl(write, F_DUPFD, 10)], 3):
        os.dup2(pipe, at)
    if os.geteuid() == 0:
        become_nobody(folder)
    os.execv(program[0], program)  # noqa: S606 - which program is the point


def become_nobody(folder: str) -> None:
    """Give up everything that root may."""
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    os.setgroups([])
    os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
