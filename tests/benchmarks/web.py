"""What benches of pages share: a web process on one core with its own database, a filled house, and a visitor with a watch."""

import logging
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from cli.home import CHECKOUT
from cli.ports import is_free
from cli.visitor import until

CORE = {min(os.sched_getaffinity(0))}
"""Where the web process runs, and nothing of the bench."""
OTHERS = os.sched_getaffinity(0) - CORE or CORE
TO_A_PERSON = 10
PATIENCE = 60.0


@dataclass(frozen=True)
class Web:
    """The web process."""

    url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def set_up(folder: Path, **settings: str) -> None:
    """Django here and in what is started from here, with an empty database. Settings are those of portal/settings.py."""
    os.sched_setaffinity(0, OTHERS)
    port = next(port for port in range(33300, 33400) if is_free(port))
    os.environ |= {
        "FAIRGROUND_HOME": str(folder), "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "STATIC_HASHED": "no",
        "DJANGO_SETTINGS_MODULE": "portal.settings", "SITE_URL": f"http://localhost:{port}", "FAIRGROUND_LOG_LEVEL": "WARNING",
        "BROKER_FOLDER": str(folder / "broker"), **settings,
    }  # fmt: skip
    import django
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)


@contextmanager
def web() -> Iterator[Web]:
    """Run the pages as `up` does, on one core."""
    url = os.environ["SITE_URL"]
    pinned = ["taskset", "-c", str(min(CORE))] if shutil.which("taskset") else []
    words = [*pinned, sys.executable, "-m", "portal.server.serve", f"127.0.0.1:{url.rpartition(':')[2]}"]
    with subprocess.Popen(words, cwd=CHECKOUT, stdin=subprocess.DEVNULL) as child:
        try:
            until("the pages answer", lambda: _answers(url), PATIENCE)
            yield Web(url, child.pid)
        finally:
            child.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def fill(services: int) -> list[Any]:
    """Make so many open services, ten to a person and an event; return the people."""
    from django.db import transaction
    from django.utils import timezone

    from provisioning.models import Deployment
    from tests.makers import make_event, make_fabric, make_release

    at, release, fabric = timezone.now(), make_release(), make_fabric()
    began = Deployment.objects.count()
    with transaction.atomic():
        events = [make_event(at=at, name=f"Fair {number}") for number in range(began, began + services, TO_A_PERSON)]
        rows = Deployment.objects.bulk_create(
            _service(number, events[(number - began) // TO_A_PERSON], release, at)
            for number in range(began, began + services)
        )
        _stand_up(rows, fabric, at)
    return [event.owner for event in events]


def _service(number: int, event: Any, release: Any, at: Any) -> Any:
    from provisioning.models import Deployment

    then = {"created_at": at, "admitted_at": at, "building_since": at, "phase_at": at, "due_at": at + timedelta(days=1)}
    return Deployment(
        name=f"service-{number:06d}", title=f"Service {number}", owner=event.owner, launched_by=event.owner, event=event,
        release=release, dataset=release.dataset, form_token=f"fill-{number}", values={}, phase="ready", ready_at=at,
        expires_at=event.closes_at, closes_at=event.closes_at, **then,
    )  # fmt: skip


def _stand_up(rows: Sequence[Any], fabric: Any, at: Any) -> None:
    from provisioning.models import Address, Entry, Machine
    from provisioning.slots import new_machine

    like = new_machine(rows[0], fabric, "main", 1, at)
    same = {field.attname: getattr(like, field.attname) for field in Machine._meta.concrete_fields}
    own = {"phase": "ready", "due_at": at + timedelta(days=1), "steps_done": ["allocate", "install"]}
    machines = [
        Machine(**{**same, **own, "key": f"{row.pk:032d}", "deployment_id": row.pk, "slot": 10_000 + row.pk})
        for row in rows
    ]
    Machine.objects.bulk_create(machines)
    Address.objects.bulk_create([Address(name=row.name, created_at=at) for row in rows])
    moved = [("wish:up", "wish", {"wanted": "up"}), ("phase:1:ready", "phase", {"phase": "ready", "was": "building"})]
    Entry.objects.bulk_create(
        Entry(
            deployment=row,
            event_id=row.event_id,
            at=at,
            happened=happened,
            cause=f"{row.pk}:{cause}",
            told=told,
            noticed=True,
        )
        for row in rows
        for cause, happened, told in moved
    )


def visitor(web: Web, person: Any) -> httpx.Client:
    """Somebody's browser, signed in."""
    from django.conf import settings

    from tests.portal.site import session_of

    cookies = {settings.SESSION_COOKIE_NAME: session_of(person)}
    return httpx.Client(base_url=web.url, cookies=cookies, timeout=60, trust_env=False)


def timed(client: httpx.Client, paths: Sequence[str], rounds: int) -> Mapping[str, list[float]]:
    """Milliseconds of each page, asked one after the other, `rounds` times; the first round warms up and is not counted."""
    took: dict[str, list[float]] = {path: [] for path in paths}
    for number in range(rounds + 1):
        for path in paths:
            began = time.perf_counter()
            answer = client.get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
            if number:
                took[path].append(1000 * (time.perf_counter() - began))
    return took


def percentile(values: Sequence[float], part: int) -> float:
    """Such as 95."""
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


def load() -> str:
    """How busy this computer is with other things, for whoever reads the figures."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())
