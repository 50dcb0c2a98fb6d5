"""What Prometheus is told. All of it is read from the database, so that it is the same whichever program answers, and
after every restart; how many rows there are changes nothing about how many questions are asked."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, Sum
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from portal.mail import outbox
from provisioning.models import Deployment, Fabric, Machine, Stray
from provisioning.phases import Kind, Phase, Wanted

KEPT = 5
"""Seconds that an answer is good for; somebody who asks more often gets the same one."""
BUCKETS = (5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
"""Seconds from being let in to answering at the address."""
ROWS: tuple[tuple[Kind, type[Deployment] | type[Machine]], ...] = (
    (Kind.DEPLOYMENT, Deployment),
    (Kind.MACHINE, Machine),
)


def metrics(at: datetime) -> bytes:
    """The page in Prometheus' own format, at most KEPT seconds old."""
    return bytes(cache.get_or_set("metrics", lambda: generate_latest(_registry(at)), KEPT) or b"")


def _registry(at: datetime) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FromDatabase(at))
    return registry


class FromDatabase(Collector):
    """One look at the rows."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def describe(self) -> Iterable[Metric]:
        """Nothing is promised before the database was asked."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Everything, in eight questions."""
        yield from _services()
        yield from _launches()
        yield from _rows(self.at)
        yield from _places()
        unsent = outbox.unsent().count()
        yield _one("fairground_mails_unsent", "Mails that no server has taken yet.", unsent)
        strays = Stray.objects.filter(gone_at=None).count()
        yield _one("fairground_strays", "Machines that carry our label and have no row.", strays)
        yield _one(
            "fairground_backup_age_seconds", "Age of the newest backup of the portal itself.", _backup_age(self.at)
        )


def _services() -> Iterator[Metric]:
    found = dict(Deployment.objects.values_list("phase").annotate(Count("pk")).order_by())
    by_phase = GaugeMetricFamily("fairground_services", "Services, by where they are.", labels=["phase"])
    for phase in Phase:
        by_phase.add_metric([phase], found.get(phase, 0))
    yield by_phase
    waiting = Deployment.objects.filter(phase=Phase.WAITING, wanted=Wanted.UP).count()
    yield _one("fairground_queue_length", "Services that wait for room.", waiting)


def _launches() -> Iterator[Metric]:
    """From the rows, which stay when everything else of a service is gone."""
    took = ExpressionWrapper(F("ready_at") - F("admitted_at"), output_field=DurationField())
    within: dict[str, Any] = {
        f"within_{seconds}": Count("pk", filter=Q(took__lte=timedelta(seconds=seconds))) for seconds in BUCKETS
    }
    counted = Deployment.objects.annotate(took=took).values("release__app__slug").order_by("release__app__slug")
    apps: Iterable[Mapping[str, Any]] = counted.annotate(
        begun=Count("admitted_at"),
        ready=Count("ready_at"),
        failed=Count("pk", filter=Q(failed_attempt__gt=0)),
        all_took=Sum("took"),
        **within,
    )
    counters = {
        name: CounterMetricFamily(f"fairground_launches_{name}", f"Launches that {told}.", labels=["app"])
        for name, told in {"begun": "were let in", "ready": "became ready", "failed": "failed at least once"}.items()
    }
    times = HistogramMetricFamily("fairground_seconds_to_ready", "From being let in to answering.", labels=["app"])
    for app in apps:
        labels = [app["release__app__slug"]]
        for name, counter in counters.items():
            counter.add_metric(labels, app[name])
        buckets = [(str(float(seconds)), app[f"within_{seconds}"]) for seconds in BUCKETS]
        whole = app["all_took"].total_seconds() if app["all_took"] else 0
        times.add_metric(labels, [*buckets, ("+Inf", app["ready"])], whole)
    yield from (*counters.values(), times)


def _rows(at: datetime) -> Iterator[Metric]:
    overdue = GaugeMetricFamily(
        "fairground_rows_overdue", "Rows that are due and that nobody looks at.", labels=["kind"]
    )
    oldest = GaugeMetricFamily("fairground_oldest_due_seconds", "For how long the oldest is due.", labels=["kind"])
    for kind, rows in ROWS:
        due = rows._default_manager.filter(due_at__lte=at, lease_until__lte=at)
        found = due.aggregate(count=Count("pk"), first=Min("due_at"))
        overdue.add_metric([kind], found["count"])
        oldest.add_metric([kind], (at - found["first"]).total_seconds() if found["first"] else 0)
    yield from (overdue, oldest)


def _places() -> Iterator[Metric]:
    living = Count("machines", filter=~Q(machines__phase=Phase.GONE))
    machines = GaugeMetricFamily("fairground_place_machines", "Machines at a place.", labels=["place"])
    room = GaugeMetricFamily("fairground_place_room", "How many more a place takes.", labels=["place"])
    for place in Fabric.objects.annotate(living=living).order_by("pk"):
        machines.add_metric([place.name], place.living)
        room.add_metric([place.name], max(0, place.holds - place.living) if place.is_open else 0)
    yield from (machines, room)


def _backup_age(at: datetime) -> float:
    """Infinite if there is none, so that one rule finds both the old and the missing."""
    backups = Path(settings.BACKUPS)
    found = [path.stat().st_mtime for path in backups.glob("*")] if backups.is_dir() else []
    return at.timestamp() - max(found, default=float("-inf"))


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)
