"""Looks at repositories: a manifest found right becomes a release, one that is not becomes a list of problems."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from catalog.manifest import FILE, Manifest, ManifestError, Problem, parse
from catalog.mirror import LARGEST_FILE, Mirror
from catalog.models import App, Dataset, Release
from catalog.url import GitProblem, GitRules
from cli.home import file_url

TEXTS = ("description", "notices.")
PICTURES = {"icon": 100_000, "screenshots": 500_000}
"""Bytes of a picture, by the first word of its key."""
SENTENCES = {
    "address-refused": "this address cannot be used: {detail}",
    "address-unknown": "no such host: {detail}",
    "ref-refused": "this is no name of a branch, tag or commit: {detail}",
    "ref-missing": "there is no branch or tag of this name",
    "commit-missing": "there is no such commit",
    "repository-missing": "there is no repository at this address, or it is private",
    "repository-private": "the repository wants a password; only public ones can be read",
    "repository-moved": "the address leads to another one; use that one",
    "repository-unreachable": "it could not be reached: {detail}",
    "repository-too-large": "it is larger than we fetch",
    "repository-damaged": "git finds damaged objects in it: {detail}",
    "not-a-repository": "there is no git repository at this address, or it has no commit yet",
    "too-slow": "it took too long; look again later",
    "busy": "it is being fetched at this moment; look again in a minute",
    "file-missing": "this file is not in the repository: {detail}",
    "file-not-plain": "this is not a plain file: {detail}",
    "file-too-large": "this file is too large: {detail}",
    "git-failed": "git failed: {detail}",
}

PATIENCE = 10.0
"""Seconds that somebody who adds an app waits while its content is being fetched for another one."""


def rules() -> GitRules:
    """What this house allows besides public https."""
    return GitRules(tuple(settings.GIT_TRUSTED), moved=(settings.STARTER_URL, file_url(settings.HOME / "starter")))


def mirror_of(url: str) -> Mirror:
    """Name our copy of a repository. Raises GitProblem("address-refused")."""
    return Mirror.of(url, root=settings.MIRRORS, rules=rules())


@dataclass(frozen=True)
class Look:
    """What a look at a repository has found: a commit whose manifest is right, or else what is wrong with it."""

    mirror: Mirror | None = None
    commit: str = ""
    manifest: Manifest | None = None
    problems: Sequence[Problem] = ()


def look(url: str, ref: str, *, root: Path, slug: str = "", pk: int | None = None) -> Look:
    """Fetch a repository into a copy below `root` and read its manifest; `slug` and `pk` are of the app that it is already.

    Uses the network for up to four minutes; never call it inside a transaction. Repeatable.
    """
    try:
        mirror = Mirror.of(url, root=root, rules=rules())
        commit = mirror.refresh(ref, patience=PATIENCE)
        manifest = parse(mirror.read_file(commit, FILE, LARGEST_FILE))
    except GitProblem as problem:
        return Look(problems=[told(problem, file=FILE if problem.code.startswith("file-") else url)])
    except ManifestError as error:
        return Look(problems=error.problems)
    wrong = [
        *_id_problems(manifest, slug, pk),
        *_file_problems(mirror, commit, manifest),
        *_data_problems(manifest, root),
    ]
    return Look(mirror, commit, manifest, wrong)


def look_at(app: App, *, at: datetime) -> Release | None:
    """Look at an app's repository. Keep the release, or else what is wrong, for the curator. As `look` otherwise."""
    found = look(app.url, app.ref, root=settings.MIRRORS, slug=app.slug or "", pk=app.pk)
    if found.problems or found.mirror is None or found.manifest is None:
        app.trouble(found.problems, at=at)
        return None
    found.mirror.pin(found.commit)
    return app.take(
        found.commit,
        found.manifest,
        at=at,
        committed_at=found.mirror.committed_at(found.commit),
        dataset=_dataset(found.manifest),
        texts=_texts(found.mirror, found.commit, found.manifest),
    )


def refresh(dataset: Dataset) -> str:
    """Fetch what a dataset is now into our copy, from which machines pull. Return its commit. Raises GitProblem."""
    return mirror_of(dataset.url).refresh(dataset.ref)


def told(problem: GitProblem, *, file: str, key: str = "", value: str = "") -> Problem:
    """Say in words what is the matter with a repository."""
    return Problem(file, key, value, SENTENCES[problem.code].format(detail=problem.detail))


def _id_problems(manifest: Manifest, slug: str, pk: int | None) -> Iterator[Problem]:
    if slug and manifest.id != slug:
        yield Problem(FILE, "id", repr(manifest.id), f"expected '{slug}': the id of an app never changes")
    if App.objects.filter(slug=manifest.id).exclude(pk=pk or 0).exists():
        yield Problem(FILE, "id", repr(manifest.id), "another app has this id; choose another one")


def _file_problems(mirror: Mirror, commit: str, manifest: Manifest) -> Iterator[Problem]:
    """Find every file that the manifest names, and see that it is what it has to be."""
    for key, path in manifest.repo_paths().items():
        try:
            found = mirror.file(commit, path)
        except GitProblem as problem:
            yield told(problem, file=FILE, key=key, value=repr(path))
            continue
        most = PICTURES.get(key.partition("[")[0], LARGEST_FILE)
        if key.startswith((*TEXTS, *PICTURES)):
            if found.size > most:
                yield Problem(FILE, key, repr(path), f"this file has {found.size} bytes; expected at most {most}")
        elif not found.executable:
            yield Problem(FILE, key, repr(path), f"expected a program: git update-index --chmod=+x {path}")


def _data_problems(manifest: Manifest, root: Path) -> Iterator[Problem]:
    if manifest.data:
        try:
            content = Mirror.of(manifest.data.repo, root=root, rules=rules())
            content.refresh(manifest.data.ref, most_mib=manifest.data.max_size, patience=PATIENCE)
        except GitProblem as problem:
            yield told(problem, file=FILE, key="data.repo", value=repr(manifest.data.repo))


def _dataset(manifest: Manifest) -> Dataset | None:
    return Dataset.at(mirror_of(manifest.data.repo).url, manifest.data.ref) if manifest.data else None


def _texts(mirror: Mirror, commit: str, manifest: Manifest) -> dict[str, str]:
    paths = {key: path for key, path in manifest.repo_paths().items() if key.startswith(TEXTS)}
    return {
        key: mirror.read_file(commit, path).decode(errors="replace").replace("\0", "") for key, path in paths.items()
    }
