"""Our copies of content repositories are kept fresh, as long as something that runs pulls from them.

However many machines pull one repository, its origin is asked once a minute.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet

from catalog import sync
from catalog.models import Dataset
from catalog.url import GitProblem
from provisioning.models import Deployment, Machine
from provisioning.models.reconciled import woken
from provisioning.phases import Phase, Wanted

log = logging.getLogger(__name__)

FRESH_FOR = timedelta(seconds=60)
AT_ONCE = 20


def refresh_mirrors(clock: Callable[[], datetime]) -> int:
    """Refresh what is due. Return how many were. Uses the network for up to two minutes each, in no transaction."""
    return sum(_refresh(dataset, clock) for dataset in _due(clock())[:AT_ONCE])


def is_any_mirror_old(at: datetime) -> bool:
    """Whether there is something to refresh."""
    return _due(at).exists()


def _due(at: datetime) -> "QuerySet[Dataset]":
    """Datasets of what runs whose copy is older than a minute, or older than somebody's "pull now"."""
    wanted = Deployment.objects.filter(wanted=Wanted.UP, phase__in=[Phase.BUILDING, Phase.READY], dataset__isnull=False)
    used = Dataset.objects.filter(pk__in=wanted.values("dataset")).annotate(
        asked_at=Max("deployment__machines__pull_asked_at")
    )
    old = Q(tried_at=None) | Q(tried_at__lte=at - FRESH_FOR) | Q(tried_at__lt=F("asked_at"))
    return used.filter(old).order_by("tried_at")


def _refresh(dataset: Dataset, clock: Callable[[], datetime]) -> bool:
    at = clock()
    mine = Dataset.objects.filter(pk=dataset.pk, tried_at=dataset.tried_at)
    if not mine.update(tried_at=at):
        return False
    try:
        commit, problem = sync.refresh(dataset), ""
    except GitProblem as refused:
        log.warning("%s could not be fetched: %s", dataset, refused)
        commit, problem = dataset.commit, refused.code
    Dataset.objects.filter(pk=dataset.pk).update(commit=commit, problem=problem, looked_at=at)
    _wake_waiting(dataset, at)
    return True


def _wake_waiting(dataset: Dataset, at: datetime) -> None:
    waiting = Machine.objects.filter(deployment__dataset=dataset, wanted=Wanted.UP)
    in_need = (
        Q(phase=Phase.BUILDING) | Q(pull_asked_at__gt=F("pulled_at")) | Q(pull_asked_at__isnull=False, pulled_at=None)
    )
    waiting.filter(in_need).update(**woken(at))
