"""What a machine that never answered said: nobody can ask it any more once it is gone."""

from contextlib import suppress

from provisioning.driver import Console
from provisioning.errors import Stop
from provisioning.step import MachineJob
from provisioning.steps.words import CONSOLE

CONSOLE_WITHIN = 5.0


class LastWords:
    """Its console's text is kept among its logs. Best effort: a place that cannot say now holds nothing up."""

    name = "last_words"

    def done(self, job: MachineJob) -> bool:
        if not job.never_answered or not isinstance(job.driver, Console) or job.book.log_offset(CONSOLE):
            return True
        with suppress(Stop):
            job.book.log(CONSOLE, 0, job.driver.console(job.key, within=min(CONSOLE_WITHIN, job.within)))
        return True

    def push(self, job: MachineJob) -> None:
        """`done` does it."""
