"""Workers: each reads one queue, one of them has the clock, and none loads what it never needs."""

import subprocess
import sys

from cli.home import CHECKOUT
from cli.ours import NAMES
from portal.celery import app
from portal.server.work import EX_USAGE, WORKERS


def test_every_queue_that_a_task_goes_to_has_its_worker() -> None:
    routed = {route["queue"] for route in app.conf.task_routes.values()} | {app.conf.task_default_queue}
    assert sorted(hands.queue for hands in WORKERS.values()) == sorted(routed)


def test_exactly_one_worker_has_the_clock() -> None:
    assert [name for name, hands in WORKERS.items() if hands.has_clock] == ["sweep"]


def test_both_ways_of_running_start_every_worker() -> None:
    composed = (CHECKOUT / "docker-compose.yml").read_text()
    assert all(f"command: python -m portal.server.work {name}\n" in composed for name in WORKERS)
    assert set(WORKERS) < set(NAMES)


def test_a_worker_without_a_name_says_which_there_are() -> None:
    told = subprocess.run([sys.executable, "-m", "portal.server.work"], capture_output=True, text=True, check=False)
    assert told.returncode == EX_USAGE
    assert told.stderr == "usage: python -m portal.server.work clicks|sweep\n"


def test_celerys_commands_are_not_loaded() -> None:
    asked = "import portal.server.work, sys; assert 'celery.bin' not in sys.modules; assert 'prompt_toolkit' not in sys.modules"
    subprocess.run([sys.executable, "-c", asked], check=True)
