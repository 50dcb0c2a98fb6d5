"""Turns the apps that come along (`starter/<app>/service`, `starter/<app>/data`) into git repositories. Repeatable."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalog import git

STARTER = Path(__file__).resolve().parent / "starter"
PLACEHOLDER = "file:///STARTER"
"""Stands in manifests for the folder of the repositories, which is known at set-up only."""
GENERATOR = "make-day"
BRANCH = "refs/heads/main"
AUTHOR = ("-c", "user.name=Fairground", "-c", "user.email=fairground@localhost")


@dataclass(frozen=True)
class StarterApp:
    """An app that comes along, as a repository."""

    name: str
    url: str


def make_repositories(root: Path, *, url: str, today: date) -> list[StarterApp]:
    """Make or refresh all repositories below `root`, which `url` addresses. A commit is made only where files have changed.

    Content that was there stays as it is; the first content is that of `today`.
    """
    apps = []
    for folder in sorted(path.parent for path in STARTER.glob("*/service")):
        _commit_tree(folder / "service", root / folder.name / "service", url, "The app as it comes along")
        if (folder / "data").is_dir() and not (root / folder.name / "data" / "refs" / "heads" / "main").exists():
            add_content(root, folder.name, today)
        apps.append(StarterApp(folder.name, f"{url}/{folder.name}/service"))
    return apps


def add_content(root: Path, app: str, day: date) -> str:
    """Commit the content whose newest day is `day`, and return the commit. The same day twice is one commit."""
    return _commit_tree(STARTER / app / "data", root / app / "data", "", f"Results of {day}", day)


def _commit_tree(source: Path, repository: Path, url: str, message: str, day: date | None = None) -> str:
    repository.parent.mkdir(parents=True, exist_ok=True)
    git.create(repository)
    with tempfile.TemporaryDirectory(prefix="fairground-starter-") as folder:
        files = shutil.copytree(source, Path(folder) / "files", ignore=shutil.ignore_patterns("__pycache__"))
        manifest = files / "fairground.toml"
        if manifest.exists():
            manifest.write_text(manifest.read_text().replace(PLACEHOLDER, url))
        if day:
            subprocess.run([sys.executable, str(files / GENERATOR), day.isoformat()], check=True)
        return _commit(repository, files, message)


def _commit(repository: Path, files: Path, message: str) -> str:
    """Commit these files, all and only these, on the branch, unless it has just them already."""
    git.run(repository, [f"--work-tree={files}", "add", "--all", "--force", "--", "."])
    tree = _said(repository, "write-tree")
    git.run(repository, ["symbolic-ref", "HEAD", BRANCH])
    head = _said(repository, "for-each-ref", "--format=%(objectname)", BRANCH)
    if head and _said(repository, "rev-parse", f"{head}^{{tree}}") == tree:
        return head
    parent = ["-p", head] if head else []
    commit = _said(repository, *AUTHOR, "commit-tree", "-m", message, *parent, tree)
    git.run(repository, ["update-ref", BRANCH, commit, head])
    return commit


def _said(repository: Path, *words: str) -> str:
    return git.run(repository, words).decode().strip()
