"""Looks at repositories: a manifest found right becomes a release, one that is not becomes a list of problems."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from catalog.manifest import FILE, Manifest, ManifestError, Problem, parse
from catalog.mirror import LARGEST_FILE, Mirror
from catalog.models import App, Dataset, Release
from catalog.url import GitProblem, GitRules

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


def rules() -> GitRules:
    """What this house allows besides public https."""
    return GitRules(tuple(settings.GIT_TRUSTED))


def mirror_of(url: str) -> Mirror:
    """Name our copy of a repository. Raises GitProblem("address-refused")."""
    return Mirror.of(url, root=settings.MIRRORS, rules=rules())


def look_at(app: App, *, at: datetime) -> Release | None:
    """Fetch an app's repository and read its manifest. Keep the release, or else what is wrong, for the admin.

    Uses the network for up to four minutes; never call it inside a transaction. Repeatable.
    """
    try:
        mirror = mirror_of(app.url)
        commit = mirror.refresh(app.ref)
        manifest = parse(mirror.read_file(commit, FILE, LARGEST_FILE))
    except GitProblem as problem:
        app.trouble([told(problem, file=FILE if problem.code.startswith("file-") else app.url)], at=at)
        return None
    except ManifestError as error:
        app.trouble(error.problems, at=at)
        return None
    if problems := [*_id_problems(app, manifest), *_file_problems(mirror, commit, manifest), *_data_problems(manifest)]:
        app.trouble(problems, at=at)
        return None
    mirror.pin(commit)
    return app.take(
        commit,
        manifest,
        at=at,
        committed_at=mirror.committed_at(commit),
        dataset=_dataset(manifest),
        texts=_texts(mirror, commit, manifest),
    )


def refresh(dataset: Dataset) -> str:
    """Fetch what a dataset is now into our copy, from which machines pull. Return its commit. Raises GitProblem."""
    return mirror_of(dataset.url).refresh(dataset.ref)


def told(problem: GitProblem, *, file: str, key: str = "", value: str = "") -> Problem:
    """Say in words what is the matter with a repository."""
    return Problem(file, key, value, SENTENCES[problem.code].format(detail=problem.detail))


def _id_problems(app: App, manifest: Manifest) -> Iterator[Problem]:
    if app.slug and manifest.id != app.slug:
        yield Problem(FILE, "id", repr(manifest.id), f"expected '{app.slug}': the id of an app never changes")
    if App.objects.filter(slug=manifest.id).exclude(pk=app.pk).exists():
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


def _data_problems(manifest: Manifest) -> Iterator[Problem]:
    if manifest.data:
        try:
            mirror_of(manifest.data.repo).refresh(manifest.data.ref, most_mib=manifest.data.max_size)
        except GitProblem as problem:
            yield told(problem, file=FILE, key="data.repo", value=repr(manifest.data.repo))


def _dataset(manifest: Manifest) -> Dataset | None:
    return Dataset.at(mirror_of(manifest.data.repo).url, manifest.data.ref) if manifest.data else None


def _texts(mirror: Mirror, commit: str, manifest: Manifest) -> dict[str, str]:
    paths = {key: path for key, path in manifest.repo_paths().items() if key.startswith(TEXTS)}
    return {
        key: mirror.read_file(commit, path).decode(errors="replace").replace("\0", "") for key, path in paths.items()
    }
