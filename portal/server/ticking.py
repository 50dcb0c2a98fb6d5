"""A worker that is to have the clock has it in a thread of its own."""

import logging
from threading import Thread
from typing import Any

from celery import Celery, bootsteps
from celery.beat import Service
from celery.schedules import schedule
from celery.worker import state

log = logging.getLogger(__name__)

CLOCK = "portal.server.clock:Clock"
"""By name, because it knows our rows, and those are there only when the worker is."""
EX_SOFTWARE = 70
"""How a worker ends whose clock has stopped, in the words of sysexits.h."""


def every(seconds: int) -> schedule:
    """Due each so many seconds, an even number: as the clock ticks. Without some play it would come a moment too early."""
    return schedule(seconds - 0.2)


class Ticking(Thread):
    """A clock that runs until it is stopped. If it breaks, its worker ends, and is started again by whoever watches it."""

    def __init__(self, app: Celery) -> None:
        super().__init__(name="clock", daemon=True)
        self.app, self.service = app, Service(app, scheduler_cls=CLOCK)  # type: ignore[arg-type]  # a name will do

    def run(self) -> None:
        """Tick."""
        self.app.set_current()
        try:
            self.service.start()
        except Exception:
            log.exception("the clock has stopped; its worker ends")
            state.should_terminate = EX_SOFTWARE  # type: ignore[assignment]

    def stop(self) -> None:
        """Let it end with its next tick; nobody waits for that."""
        self.service.stop()


class WithClock(bootsteps.StartStopStep):
    """The part of a worker that is its clock, if it is to have one."""

    label = "Clock"
    conditional = True
    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, clock: bool = False, **options: Any) -> None:
        super().__init__(worker, **options)
        self.enabled = clock

    def create(self, worker: Any) -> Ticking:  # type: ignore[override]
        """Wind it up; the worker starts and stops it."""
        return Ticking(worker.app)


def add_to(app: Celery) -> None:
    """Let this application's workers have a clock: `app.Worker(clock=True)`."""
    app.steps["worker"].add(WithClock)
