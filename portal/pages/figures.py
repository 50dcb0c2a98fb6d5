"""What is known of an app: from real launches, how long until it was open and how often it worked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from provisioning.models import Deployment
from provisioning.phases import Phase

LAUNCHES_LOOKED_AT = 500
"""The newest launches of all the apps asked for together; a page never reads more."""


@dataclass(frozen=True)
class Evidence:
    """What is known of an app from launches here."""

    opened: int = 0
    failed: int = 0
    usually: timedelta | None = None
    """Median from being let in to answering at its address, of those that needed no second try."""

    @property
    def tried(self) -> int:
        """Launches that came to an end."""
        return self.opened + self.failed


def evidence(apps: Iterable[int]) -> Mapping[int, Evidence]:
    """Read the newest launches of these apps, in one query. Apps that nobody tried are missing."""
    launches = (
        Deployment.objects.filter(release__app_id__in=list(apps), admitted_at__isnull=False)
        .order_by("-pk")
        .values_list("release__app_id", "attempt", "phase", "admitted_at", "ready_at")[:LAUNCHES_LOOKED_AT]
    )
    spans: dict[int, list[float]] = defaultdict(list)
    opened: dict[int, int] = defaultdict(int)
    failed: dict[int, int] = defaultdict(int)
    for app, attempt, phase, admitted_at, ready_at in launches:
        if ready_at is not None and admitted_at is not None:
            opened[app] += 1
            if attempt == 1:
                spans[app].append((ready_at - admitted_at).total_seconds())
        elif phase == Phase.FAILED:
            failed[app] += 1
    return {
        app: Evidence(opened[app], failed[app], timedelta(seconds=median(spans[app])) if spans[app] else None)
        for app in {*opened, *failed}
    }
