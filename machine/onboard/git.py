"""The only caller of git on a machine. It runs as nobody, within limits, in a home of its own, and believes nothing."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

from machine.onboard.failure import Failed, Why
from machine.onboard.git_words import BEARER, SETTINGS, named
from machine.onboard.places import write_whole

NOBODY = 60123
"""A number without a name: no account, no files, no other program."""
MOST_ENTRIES = 100_000
WANTED = "refs/fairground/wanted"
SPARE = 64 << 20
"""Bytes that a pack may be larger than what is in it."""


class Git:
    """One bare repository and the account it belongs to."""

    def __init__(self, home: Path, url: str, bearer: str, most: int) -> None:
        self.home = home
        self.url = url
        self.bearer = bearer
        self.most = most
        self.measured = most
        """Bytes of the last tree that was checked out."""
        self.repository = home / "repository"
        self.nobody = NOBODY if os.geteuid() == 0 else -1

    def prepare(self) -> bool:
        """Make the home, and the repository where there is none yet: True if there was one. What a killed git left goes."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        scheme = self.url.partition(":")[0]
        settings = SETTINGS.format(scheme=scheme, repository=self.repository)
        if self.bearer:
            settings += BEARER.format(url=self.url, bearer=self.bearer)
        write_whole(self.home / ".gitconfig", settings.encode())
        for path in (self.home, self.home / ".gitconfig"):
            os.chown(path, self.nobody, self.nobody, follow_symlinks=False)
        for left in (*self.home.glob("repository/**/*.lock"), *self.home.glob("repository/objects/*/tmp_*")):
            left.unlink()
        if (self.repository / "HEAD").exists():
            return True
        shutil.rmtree(self.repository, ignore_errors=True)
        self.run("init", "--quiet", "--bare", "--template=", str(self.repository))
        return False

    def forget(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.home, ignore_errors=True)

    def fetch(self, ref: str, *, deep: bool = False) -> str:
        """Fetch one ref or commit, without history unless `deep`. Returns the full commit."""
        depth = [] if deep else ["--depth=1"]
        flags = ["--quiet", "--no-tags", "--no-recurse-submodules", "--force", *depth]
        self.run("fetch", *flags, "--", self.url, f"+{ref}:{WANTED}")
        return self.run("rev-parse", "--verify", "--quiet", f"{WANTED}^{{commit}}").decode().strip()

    def stay_small(self) -> None:
        """Begin anew next time if old objects have piled up."""
        packs = sum(path.lstat().st_size for path in self.repository.rglob("*") if path.is_file())
        if packs > 2 * self.measured + SPARE:
            self.forget()

    def descends(self, commit: str, ancestor: str) -> bool:
        """Is `ancestor` in the history of `commit`?"""
        done = self.start("merge-base", "--is-ancestor", ancestor, commit)
        return self.finish(done)[0] == 0

    def check_out(self, commit: str, path: str, place: Path) -> None:
        """Write a commit's tree, or one folder of it, to a new folder; refuse what is too much before writing it."""
        tree = f"{commit}:{path}" if path else f"{commit}^{{tree}}"
        self.measure(tree)
        place.mkdir(mode=0o755)
        os.chown(place, self.nobody, self.nobody)
        (self.home / "index").unlink(missing_ok=True)
        self.run("read-tree", tree)
        self.run(f"--work-tree={place}", "checkout-index", "--all", "--force", "--quiet")

    def measure(self, tree: str) -> None:
        """Add up what a tree holds, as a stream: it may be made to be endless."""
        git = self.start("ls-tree", "-r", "-l", "-z", "--full-tree", tree)
        size = 0
        for count, entry in enumerate(records(git.stdout), 1):
            told = entry.split(b"\t", 1)[0].split()[-1]
            size += int(told) if told.isdigit() else 0
            if count > MOST_ENTRIES or size > self.most:
                kill(git)
                raise Failed(Why.TOO_BIG, f"more than {MOST_ENTRIES} files or {self.most >> 20} MiB")
        code, complaint = self.finish(git)
        if code:
            raise named(complaint, Why.NOTHING_THERE)
        self.measured = size

    def copy_file(self, commit: str, path: str, target: Path) -> None:
        """Write one file of a commit to a new file of ours."""
        if self.run("cat-file", "-t", f"{commit}:{path}", otherwise=Why.NOTHING_THERE).strip() != b"blob":
            raise Failed(Why.NOTHING_THERE, f"{path} is not a file")
        if int(self.run("cat-file", "-s", f"{commit}:{path}")) > self.most:
            raise Failed(Why.TOO_BIG, f"{path} is larger than {self.most >> 20} MiB")
        with target.open("xb") as file:
            git = self.start("cat-file", "blob", f"{commit}:{path}", into=file)
            code, complaint = self.finish(git)
        if code:
            raise named(complaint)

    def run(self, *words: str, otherwise: Why = Why.BAD_CONTENT) -> bytes:
        """Run git to its end; return what it said. Raises Failed, named by what it complained of."""
        git = self.start(*words)
        said = git.stdout.read(1 << 20) if git.stdout else b""
        code, complaint = self.finish(git)
        if code:
            raise named(complaint, otherwise)
        return said

    def start(self, *words: str, into: IO[bytes] | int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start git in a session of its own, so that its children can be ended with it."""
        who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `finish`
        git = subprocess.Popen(
            ["git", f"--git-dir={self.repository}", *words],
            stdin=subprocess.DEVNULL,
            stdout=into,
            stderr=complaints,
            env=self.environment(),
            cwd="/",
            umask=0o022,
            start_new_session=True,
            preexec_fn=self.limit,  # noqa: PLW1509 - we have one thread
            **who,
        )
        git.stderr = complaints
        RUNNING.append(git)
        return git

    def finish(self, git: subprocess.Popen[bytes]) -> tuple[int, str]:
        """Wait for git. Returns its status and what it complained of."""
        try:
            code = git.wait()
        finally:
            kill(git)
        assert git.stderr is not None
        git.stderr.seek(0)
        complaint = git.stderr.read(4000).decode(errors="replace")
        git.stderr.close()
        return code, complaint

    def limit(self) -> None:
        """In the child: no file larger than what may be in it."""
        most = self.most + SPARE
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def environment(self) -> dict[str, str]:
        """All that git finds in its environment."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "GIT_INDEX_FILE": str(self.home / "index"),
            "XDG_CONFIG_HOME": str(self.home / "none"),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/true",
            "GIT_ALLOW_PROTOCOL": self.url.partition(":")[0],
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }


RUNNING: list[subprocess.Popen[bytes]] = []


def kill(git: subprocess.Popen[bytes]) -> None:
    """End git and whatever it started."""
    if git in RUNNING:
        RUNNING.remove(git)
    try:
        os.killpg(git.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_all() -> None:
    """End all that still runs: our own end has come."""
    while RUNNING:
        kill(RUNNING[-1])


def records(stream: IO[bytes] | None) -> Any:
    """NUL-ended records of a stream, one at a time."""
    rest = b""
    while stream and (chunk := stream.read1(65536)):  # type: ignore[attr-defined]
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
