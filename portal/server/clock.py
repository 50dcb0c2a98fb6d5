"""The clock, `python -m portal.server.clock`: Celery's beat without our models; it does not need their 55 MB."""

import signal
import sys
from logging.config import dictConfig

from celery.beat import Scheduler, Service
from django.conf import settings

from portal.celery import app


class Clock(Scheduler):
    """Sleeps until something is due."""

    def adjust(self, n: float, drift: float = 0.001) -> float:
        """Seconds to sleep. Celery's own wakes 10 ms before the time and looks again and again until it has come."""
        return n + drift if n > 0 else n


if __name__ == "__main__":
    dictConfig(settings.LOGGING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Service(app, scheduler_cls=Clock).start()
