"""Our copies of content repositories are kept fresh, as long as something that runs pulls from them.

However many machines pull one repository, its origin is asked once a minute.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F, Q

from catalog import sync
from catalog.models import Dataset
from catalog.url import GitProblem
from provisioning.models import Machine, statements
from provisioning.models.reconciled import woken
from provisioning.phases import Phase, Wanted

log = logging.getLogger(__name__)

FRESH_FOR = timedelta(seconds=60)
AT_ONCE = 20
DUE = f"""
SELECT dataset.id FROM catalog_dataset AS dataset
JOIN provisioning_deployment AS service ON service.dataset_id = dataset.id
    AND service.wanted = '{Wanted.UP}' AND service.phase IN ('{Phase.BUILDING}', '{Phase.READY}')
LEFT JOIN provisioning_machine AS machine ON machine.deployment_id = service.id
GROUP BY dataset.id
HAVING dataset.tried_at IS NULL OR dataset.tried_at <= %s OR dataset.tried_at < MAX(machine.pull_asked_at)
ORDER BY dataset.tried_at NULLS FIRST LIMIT {AT_ONCE}
"""  # noqa: S608 - made of our own words
"""Datasets of what runs whose copy is older than a time, or older than somebody's "pull now"."""


def refresh_mirrors(clock: Callable[[], datetime]) -> int:
    """Refresh what is due. Return how many were. Uses the network for up to two minutes each, in no transaction."""
    due = Dataset.objects.filter(pk__in=_due(clock())).order_by("tried_at")
    return sum(_refresh(dataset, clock) for dataset in due)


def is_any_mirror_old(at: datetime) -> bool:
    """Whether there is something to refresh."""
    return bool(_due(at))


def _due(at: datetime) -> list[int]:
    return [dataset for (dataset,) in statements.lines(DUE, at - FRESH_FOR)]


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
