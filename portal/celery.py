"""The Celery application: a broker that may forget everything without harm, because the database is the queue."""

import os
import sys
from logging.config import dictConfig
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections

from portal.server import broker, ticking
from portal.server.log_lines import request_id
from portal.server.ticking import every

__all__ = ["app", "broker"]  # importing the broker makes its "folder://" addresses known

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # `migrate` has run them; they would load all pages into each worker


def _folder_options() -> dict[str, str]:
    folder = settings.BROKER_FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # One folder for both directions: kombu's sender writes to data_folder_out, its reader reads data_folder_in.
    return {"data_folder_in": str(folder), "data_folder_out": str(folder)}


IMPATIENT = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
"""A click never waits for a broker that is away: its row is committed, and the sweep comes anyway."""

CONNECTION_LASTS = 600
"""Seconds for which a worker's thread keeps its connection to the database."""

app = Celery("portal")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=_folder_options() if settings.BROKER_URL.startswith("folder:") else IMPATIENT,
    broker_connection_timeout=2,
    task_publish_retry=False,
    broker_connection_retry_on_startup=True,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_default_queue="sweep",
    task_routes={"provisioning.reconcile": {"queue": "click"}},
    worker_prefetch_multiplier=1,
    CELERY_DB_REUSE_MAX=sys.maxsize,  # never closed by Celery; see `_keep_connections`
    worker_enable_remote_control=False,  # nobody asks workers; and each queue more is one more folder to read
    timezone="UTC",
    beat_schedule={  # for how long a message of each is good, its task says itself
        "drain": {"task": "provisioning.drain", "schedule": every(2)},
        "mirrors": {"task": "provisioning.mirrors", "schedule": every(2)},
        "keep": {"task": "provisioning.keep", "schedule": every(30)},
        "listen": {"task": "provisioning.listen", "schedule": every(20)},
        "visits": {"task": "provisioning.visits", "schedule": every(30)},
        "post": {"task": "portal.post", "schedule": every(6)},
        "tell": {"task": "portal.tell", "schedule": every(10)},
        "look": {"task": "portal.look", "schedule": every(4)},
        "tidy": {"task": "portal.tidy", "schedule": every(600)},
        "photograph": {"task": "portal.photograph", "schedule": every(10)},
        "sweep-beat": {"task": "portal.beat", "schedule": every(20), "args": ("sweep",)},
        "click-beat": {
            "task": "portal.beat",
            "schedule": every(20),
            "args": ("clicks",),
            "options": {"queue": "click"},
        },
    },
)
app.autodiscover_tasks()
ticking.add_to(app)


@signals.celeryd_init.connect
def _keep_connections(**_: Any) -> None:
    """Each thread of a worker keeps its own: opening one takes longer than most tasks, and Celery would do it for each."""
    connections.settings[DEFAULT_DB_ALIAS] |= {"CONN_MAX_AGE": CONNECTION_LASTS, "CONN_HEALTH_CHECKS": True}


@signals.worker_shutting_down.connect
def _end_at_once(**_: Any) -> None:
    broker.wake_all(settings.BROKER_FOLDER)


@signals.task_prerun.connect
@signals.task_postrun.connect
def _close_broken_connections(**_: Any) -> None:
    close_old_connections()


@signals.setup_logging.connect
def _tell_as_everybody_here(**_: Any) -> None:
    """Celery would put its own lines in place of ours."""
    dictConfig(settings.LOGGING)


@signals.before_task_publish.connect
def _say_whose_click(headers: dict[str, Any], **_: Any) -> None:
    if known := request_id.get():
        headers["click"] = known


@signals.task_prerun.connect
def _know_whose_click(task: Any, **_: Any) -> None:
    request_id.set(task.request.get("click") or "")
