"""Random histories: people press, places misbehave, workers die; then it is calm, everything ends, and four numbers must be zero.

`python -m tests.faults.histories --seeds 100000` plays as many as asked for and prints the seeds that fail.
"""

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()

from provisioning.models import Archive, Deployment, Event, Fabric, Machine, Stray
from tests.faults.actions import ACTIONS
from tests.faults.history import History


def forget() -> None:
    """Begin anew."""
    Archive.objects.all().delete()
    Machine.objects.all().delete()
    Deployment.objects.all().delete()
    Event.objects.all().delete()
    Stray.objects.all().delete()
    Fabric.objects.all().delete()


def play_seed(folder: Path, seed: int, length: int = 25) -> None:
    """Play the history of this seed. Raises AssertionError if a number is not zero."""
    history = History(folder / str(seed), seed)
    names = ["launch", *history.chance.choices(sorted(ACTIONS), k=length)]
    history.play(ACTIONS[name] for name in names)


def main(argv: Sequence[str]) -> int:
    """Play many seeds in a database of their own."""
    words = argparse.ArgumentParser(prog="python -m tests.faults.histories", description=__doc__)
    words.add_argument("--seeds", type=int, default=1000)
    words.add_argument("--first", type=int, default=0)
    asked = words.parse_args(argv)
    logging.disable(logging.WARNING)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(asked.first, asked.first + asked.seeds):
            try:
                play_seed(Path(folder), seed)
            except Exception as wrong:  # noqa: BLE001 - whatever goes wrong, its seed is what is wanted
                failed.append(seed)
                print(f"seed {seed}: {wrong!r}", flush=True)
            forget()
    print(f"{asked.seeds} histories, {len(failed)} with something that is not zero")
    return 1 if failed else 0


if __name__ == "__main__":
    from django.core.management import call_command
    from django.db import connection

    with tempfile.TemporaryDirectory() as database:
        connection.settings_dict["NAME"] = f"{database}/histories.sqlite3"
        call_command("migrate", verbosity=0)
        sys.exit(main(sys.argv[1:]))
