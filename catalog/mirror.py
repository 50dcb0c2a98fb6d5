"""Our own copies of repositories: bare, shallow, one folder for each address, read by commit and served to machines.

A refresh that fails at any line leaves the last good state: what people see are refs, and they move last. Every commit
that was seen stays for a while (`refs/seen/<time>-<commit>`); one that a release pins stays for ever
(`refs/pins/<commit>`), whatever its author does to the branch.
"""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from catalog import git
from catalog.git import Limits
from catalog.url import Address, GitProblem, GitRules, canonical, checked_ref, is_commit, located

FETCH_SECONDS = 120.0
LARGEST_MIB = 500
SEEN_KEPT = 5
"""Commits that stay servable after newer ones were seen: a machine may be about to fetch one of them."""
MOST_PACKS = 12
STALE_SECONDS = 600
LARGEST_FILE = 64 * 1024
PLAIN_FILE = {"100644", "100755", "100664"}


def mirror_name(url: str) -> str:
    """Name of the copy of a canonical address: its folder, and what stands behind /git/ at the git door."""
    return hashlib.sha256(url.encode()).hexdigest()[:32] + ".git"


@dataclass(frozen=True)
class File:
    """A plain file of a commit."""

    oid: str
    size: int  # bytes
    executable: bool


@dataclass(frozen=True)
class Mirror:
    """The copy of one repository."""

    url: str
    folder: Path
    rules: GitRules

    @classmethod
    def of(cls, url: str, *, root: Path, rules: GitRules) -> "Mirror":
        """Name the copy of a repository; nothing is fetched. Raises GitProblem("address-refused")."""
        url = canonical(url, rules)
        return cls(url, root / mirror_name(url), rules)

    def refresh(
        self,
        ref: str = "HEAD",
        *,
        seconds: float = FETCH_SECONDS,
        most_mib: int = LARGEST_MIB,
        patience: float = 0,
    ) -> str:
        """Fetch what `ref` is now, and return its commit. Raises GitProblem; the last good state stays then.

        `patience`: seconds to wait for another one that fetches it at this moment.
        """
        checked_ref(ref)
        address = located(self.url, self.rules)
        git.create(self.folder)
        with self._alone(patience):
            self._clear_leftovers()
            self._fetch(address, ref, Limits(seconds, most_mib))
            commit = self._git("rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}").decode().strip()
            self._git("update-ref", f"refs/seen/{time.time_ns():020d}-{commit}", commit)
            self._git("update-ref", "--no-deref", _name_here(ref), commit)
            self._tidy(most_mib)
            return commit

    def resolve(self, ref: str = "HEAD") -> str:
        """Return the commit that `ref` was at the last refresh. Raises GitProblem("ref-missing")."""
        name = checked_ref(ref) if is_commit(ref) else _name_here(checked_ref(ref))
        return self._read("ref-missing", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()

    def has_commit(self, commit: str) -> bool:
        """Say whether this commit is here, in full."""
        if not is_commit(commit) or not (self.folder / "HEAD").exists():
            return False
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}")
        except GitProblem:
            return False
        return True

    def pin(self, commit: str) -> None:
        """Keep this commit for ever. Raises GitProblem("commit-missing")."""
        self._of_commit(commit, "update-ref", f"refs/pins/{commit}", f"{commit}^{{commit}}")

    def committed_at(self, commit: str) -> datetime:
        """When its committer says it was made. Raises GitProblem("commit-missing")."""
        seconds = self._of_commit(commit, "log", "-1", "--format=%ct", commit, "--").decode().strip()
        return datetime.fromtimestamp(min(int(seconds), 2**33), UTC)

    def file(self, commit: str, path: str) -> "File":
        """Find a plain file of a commit. Raises GitProblem: commit-missing, file-missing, file-not-plain."""
        if {"", ".", ".."} & set(path.split("/")):
            raise GitProblem("file-missing", url=self.url, detail=path)
        line = self._of_commit(commit, "ls-tree", "-z", "-l", "--full-tree", commit, "--", path).decode(
            errors="replace"
        )
        if not line:
            raise GitProblem("file-missing", url=self.url, detail=path)
        mode, _, oid, size = line.partition("\t")[0].split()
        if mode not in PLAIN_FILE:
            raise GitProblem("file-not-plain", url=self.url, detail=path)
        return File(oid, int(size), executable=mode == "100755")

    def read_file(self, commit: str, path: str, limit: int = LARGEST_FILE) -> bytes:
        """Read a plain file of a commit; nothing is checked out. Raises as `file` does, and file-too-large."""
        found = self.file(commit, path)
        if found.size > limit:
            raise GitProblem("file-too-large", url=self.url, detail=f"{path} has {found.size} bytes, at most {limit}")
        return self._git("cat-file", "blob", found.oid)

    def size_mib(self) -> int:
        """Room that the copy takes."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file()) >> 20

    def _fetch(self, address: Address, ref: str, limits: Limits) -> None:
        words = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"]
        try:
            git.run(self.folder, [*words, "--", address.url, ref], limits=limits, address=address)
        except GitProblem as problem:
            if problem.code != "ref-missing" or not (is_commit(ref) or ref == "HEAD"):
                raise
            code = "commit-missing" if is_commit(ref) else "not-a-repository"  # or one without a commit
            raise GitProblem(code, url=self.url, detail=problem.detail) from problem

    def _clear_leftovers(self) -> None:
        """Delete what a killed git left behind: half packs, and locks that nobody holds any more."""
        for left in (*self.folder.glob("objects/pack/tmp_*"), *self.folder.rglob("*.lock")):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink(missing_ok=True)

    def _tidy(self, most_mib: int) -> None:
        """Forget old commits, and pack anew when that frees something. Readers keep what they have open."""
        too_large = self.size_mib() > most_mib
        seen = self._git("for-each-ref", "--format=%(refname)", "refs/seen").decode().split()
        for name in seen[: -1 if too_large else -SEEN_KEPT]:
            self._git("update-ref", "-d", name)
        if too_large or len(list(self.folder.glob("objects/pack/*.pack"))) > MOST_PACKS:
            self._git("gc", "--quiet", "--prune=now", limits=Limits(FETCH_SECONDS, LARGEST_MIB))

    def _of_commit(self, commit: str, *words: str) -> bytes:
        """Run git on a commit, which is named in the words. Raises GitProblem("commit-missing")."""
        if not is_commit(commit):
            raise GitProblem("commit-missing", url=self.url, detail=commit[:64])
        return self._read("commit-missing", *words)

    def _git(self, *words: str, limits: Limits = git.QUICK) -> bytes:
        return git.run(self.folder, words, limits=limits)

    def _read(self, code: str, *words: str) -> bytes:
        try:
            return self._git(*words)
        except GitProblem as problem:
            raise GitProblem(code, url=self.url, detail=problem.detail) from problem

    @contextmanager
    def _alone(self, patience: float = 0) -> Iterator[None]:
        """Refresh one at a time. Raises GitProblem("busy")."""
        deadline = time.monotonic() + patience
        with (self.folder / "fetching").open("w") as file:
            while not _locked(file):
                if time.monotonic() >= deadline:
                    raise GitProblem("busy", url=self.url, detail="it is being fetched at this moment")
                time.sleep(0.05)
            yield


def drop(url: str, *, root: Path, rules: GitRules) -> None:
    """Delete the copy of a repository; silent if there is none."""
    shutil.rmtree(Mirror.of(url, root=root, rules=rules).folder, ignore_errors=True)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name_here(ref: str) -> str:
    """The name under which a ref of theirs stands in our copy, so that machines may ask for it by their own word."""
    return ref if ref == "HEAD" or ref.startswith("refs/") else f"refs/heads/{ref}"
