"""Real repositories for tests, made by the real git."""

import subprocess
from pathlib import Path

QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Weber",
    "GIT_AUTHOR_EMAIL": "weber@school.example",
    "GIT_COMMITTER_NAME": "Weber",
    "GIT_COMMITTER_EMAIL": "weber@school.example",
    "HOME": "/nonexistent",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    """Run git there as an author would."""
    done = subprocess.run(["git", *words], cwd=folder, env=QUIET, input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


def make_repo(folder: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """Make a repository with one commit on the branch `main`."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, files if files is not None else {"README.md": "hello\n"})
    return folder


def commit(folder: Path, files: dict[str, str | bytes], *words: str) -> str:
    """Write files, commit them, and return the commit."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "change", *words)
    return git(folder, "rev-parse", "HEAD")
