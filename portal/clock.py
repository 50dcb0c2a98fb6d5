"""The clock, `python -m portal.clock`: Celery's beat without our models; it does not need their 55 MB."""

import signal
import sys

from celery.beat import Scheduler, Service

from portal.celery import app

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Service(app, scheduler_cls=Scheduler).start()
