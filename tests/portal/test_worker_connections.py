"""A worker's thread keeps its connection to the database from task to task, and notices when it has broken."""

import threading
from collections.abc import Iterator

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]
from django.db import connection, connections

from portal.celery import CONNECTION_LASTS, app
from portal.server.clock import HAS_WORK, Clock
from provisioning.models import Admission
from tests.makers import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker() -> Iterator[None]:
    """This process is one, until the end of the test."""
    settings = connections.settings["default"]
    before = dict(settings)
    signals.celeryd_init.send(sender=None)
    yield
    settings.update(before)
    connection.close()


def between_tasks() -> None:
    """What happens when a task has ended, and when the next begins."""
    celerys_own = DjangoWorkerFixup(app)
    celerys_own.close_database()
    signals.task_postrun.send(sender=app.tasks["provisioning.drain"])
    celerys_own.close_database()
    signals.task_prerun.send(sender=app.tasks["provisioning.drain"])


def test_the_next_task_finds_the_connection_of_the_one_before(worker: None) -> None:
    connection.close()
    Admission.objects.exists()
    first = connection.connection
    between_tasks()
    Admission.objects.exists()
    assert connection.connection is first is not None
    assert connection.settings_dict["CONN_MAX_AGE"] == CONNECTION_LASTS


def hang_up() -> None:
    """The server ends the connection of this thread."""
    connection.close()
    Admission.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()

    def end() -> None:
        with connection.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()


@pytest.mark.postgres
def test_a_server_that_hung_up_costs_one_task_at_most(worker: None) -> None:
    hang_up()
    between_tasks()
    assert not Admission.objects.filter(pk=0).exists()


@pytest.mark.postgres
def test_a_server_that_hung_up_does_not_stop_the_clock(worker: None) -> None:
    clock = Clock(app=app, lazy=True)
    hang_up()
    clock.tick()
    assert not HAS_WORK["drain"](NOON)
