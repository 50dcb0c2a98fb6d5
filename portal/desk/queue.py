"""What waits for a curator: apps whose newest version is not on the shelf, and those whose repository is in trouble."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, QuerySet

from catalog.models import App, Release, State, Wish
from provisioning.models import Deployment
from provisioning.phases import Phase


@dataclass(frozen=True)
class Candidate:
    """An app as a curator sees it."""

    app: App
    newest: Release | None
    running: int = 0

    @property
    def is_new(self) -> bool:
        """Its newest version is not the one on the shelf, and nobody decided against the app."""
        if self.newest is None or self.app.state == State.RETIRED:
            return False
        return self.app.state != State.PUBLISHED or self.app.current_id != self.newest.pk

    @property
    def is_unread(self) -> bool:
        """Somebody has offered it, and nobody has looked at it."""
        return self.newest is None and not self.app.problems

    @property
    def is_waiting(self) -> bool:
        """A curator has something to decide or to mend."""
        return self.is_new or self.is_unread or (bool(self.app.problems) and self.app.state != State.RETIRED)

    @property
    def has_maintainer(self) -> bool:
        """Nothing is put on the shelf that nobody answers for."""
        return bool(self.newest and self.newest.manifest.maintainers)


def candidates(apps: QuerySet[App]) -> Sequence[Candidate]:
    """Read these apps with their versions and how many services use them: three questions."""
    releases = Prefetch("releases", Release.objects.order_by("-taken_at", "-pk"), to_attr="newest_first")
    living = Deployment.objects.exclude(phase=Phase.GONE).order_by()
    running = dict(living.values_list("release__app").annotate(n=Count("pk")))
    found = apps.select_related("current", "added_by", "decided_by").prefetch_related(releases).order_by("slug", "pk")
    return [Candidate(app, next(iter(app.newest_first), None), running.get(app.pk, 0)) for app in found]


def waiting_for_a_curator(apps: QuerySet[App]) -> Sequence[Candidate]:
    """Those of these apps that wait for somebody."""
    return [candidate for candidate in candidates(apps) if candidate.is_waiting]


def wishes(most: int = 20) -> Sequence[tuple[str, int]]:
    """What people looked for in vain and said so: the words and how many people, the most wanted first."""
    counted = Wish.objects.values("words").annotate(n=Count("pk")).order_by("-n", "words")
    return [(one["words"], one["n"]) for one in counted[:most]]
