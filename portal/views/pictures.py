"""The pictures that an app's author has drawn, out of our copy of the repository, at the version that is on the shelf."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog import sync
from catalog.manifest import Manifest
from catalog.url import GitProblem
from portal import gate

TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
SEALED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A drawing is a page of its own when somebody opens it alone: nothing in it may run or ask for anything."""


@require_safe
def picture(request: HttpRequest, slug: str, commit: str, number: int) -> HttpResponse:
    """Hand out the icon (0) or a screenshot (from 1). A commit never changes, so that browsers need not ask again."""
    app = gate.visible_app(request.user, slug)
    release = app.releases.filter(commit=commit).first()
    path = path_of(release.manifest, number) if release else None
    kind = TYPES.get(path[-4:].lower()) if path else None
    if path is None or kind is None:
        raise Http404
    try:
        found = sync.mirror_of(app.url).read_file(commit, path, sync.PICTURES["screenshots" if number else "icon"])
    except GitProblem as problem:
        raise Http404 from problem
    told = {"Content-Security-Policy": SEALED, "Cache-Control": "private, max-age=31536000, immutable"}
    return HttpResponse(found, content_type=kind, headers=told)


def path_of(manifest: Manifest, number: int) -> str | None:
    """Where this picture is in the repository."""
    paths = [manifest.icon, *(shot.path for shot in manifest.screenshots)]
    return paths[number] if number < len(paths) else None
