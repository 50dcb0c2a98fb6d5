"""Random histories: people press, places misbehave, workers die; then it is calm, everything ends, and four numbers must be zero.

`python -m tests.faults.histories --seeds 100000` plays as many as asked for and prints the seeds that fail.
"""

import argparse
import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()

from django.conf import settings

from provisioning.driver import Identity, MachineSpec, Secret, Size
from provisioning.errors import Stop
from provisioning.fabrics.memory.place import Place, places
from provisioning.models import Admission, Archive, Deployment, Event, Fabric, Machine, Stray
from provisioning.models.reconciled import LONG_AGO
from provisioning.phases import Kind, Phase, Wanted
from provisioning.reconciler.lease import Lease
from provisioning.reconciler.walk import reconcile
from tests.faults import zeros
from tests.faults.lines import Killed, Tracer, bury
from tests.makers import launch, make_cloud, make_event, make_person, make_release
from tests.simulation import Simulation

Action = Callable[["History"], object]
CALM_STEPS = 4000
WORDY = """
[archive]
paths = ["/srv/board"]
[health.live]
run = "well"
failures = 1
restart = "mend"
[teardown]
run = "goodbye"
"""
"""An app that is asked, mended and said goodbye to by its own programs."""


class History:
    """One world, one event, and whatever happens in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = Simulation(folder)
        self.chance = random.Random(seed)
        self.releases = [make_release(), make_release(stateless=True), make_release(end=WORDY)]
        self.event: Event = make_event(make_person(), days=3, at=self.world.at)
        self.events = [self.event]

    def any_deployment(self) -> Deployment | None:
        living = list(Deployment.objects.exclude(phase=Phase.GONE).order_by("pk"))
        return self.chance.choice(living) if living else None

    def any_machine(self) -> tuple[Place, str] | None:
        there = [(place, key) for place in places() for key in sorted(place.machines)]
        return self.chance.choice(there) if there else None

    def any_place(self) -> Place:
        return self.chance.choice(places())

    def play(self, names: Sequence[str]) -> None:
        """Let these things happen, a few looks apart; then calm down and end."""
        for name in names:
            ACTIONS[name](self)
            for _ in range(self.chance.randrange(6)):
                self.world.tick()
        self.calm_down()
        zeros.check(self.world)

    def calm_down(self) -> None:
        """All faults are over; everything is asked to go; admins waive what cannot be copied."""
        world = self.world
        for place in places():
            place.away = place.lost_replies = place.no_room = place.partial_lists = place.slow_removals = (
                place.job_looks
            ) = 0
            place.check_code = 0
            place.taken_ports.clear()
            place.failing_jobs.clear()
            place.broken_jobs.clear()
        world.front_door.away = world.front_door.lost_replies = world.prober.misses = 0
        Fabric.objects.update(most_machines=1000)
        Admission.objects.update(quarantined=False)
        for event in self.events:
            event.end_now(by=None, at=world.at)
        world.run_until(self._rests)
        self._sweep()

    def _sweep(self) -> None:
        """What nobody owns is removed a few at a time, after two complete lists some minutes apart."""
        for _ in range(20):
            self.world.sleep_until(self.world.at + timedelta(minutes=11))
            self.world.tick()
            if not any(place.machines for place in places()):
                return

    def _rests(self) -> bool:
        for machine in Machine.objects.exclude(hold_until=None).filter(settled=""):
            machine.waive(by=self.event.owner, at=self.world.at)
        return not Deployment.objects.exclude(phase=Phase.GONE).exists() and not (
            Machine.objects.exclude(phase=Phase.GONE).exists()
        )


def _launch(history: History) -> None:
    launch(history.event, history.chance.choice(history.releases), at=history.world.at)


def _retire(history: History) -> None:
    if deployment := history.any_deployment():
        deployment.retire(by=deployment.owner, at=history.world.at)


def _retry(history: History) -> None:
    for deployment in Deployment.objects.filter(phase=Phase.FAILED, wanted=Wanted.UP):
        deployment.retry(by=None, at=history.world.at)


def _destroy(history: History) -> None:
    if found := history.any_machine():
        found[0].destroy(found[1])


def _power_failure(history: History) -> None:
    if found := history.any_machine():
        found[0].kill(found[1])


def _wishes(history: History) -> None:
    if deployment := history.any_deployment():
        deployment.restart(by=None, at=history.world.at)
        deployment.pull_now(by=None, at=history.world.at)


def _asks_for_a_copy(history: History) -> None:
    if deployment := history.any_deployment():
        deployment.keep_copy(by=deployment.owner, at=history.world.at)


def _worker_dies(history: History) -> None:
    """It claimed a row, and is never heard of again."""
    if deployment := history.any_deployment():
        Lease.claim(Deployment, deployment.pk, history.world.at)


def _worker_wakes_from_the_dead(history: History) -> None:
    """Paused beyond its lease; meanwhile another one worked; then it goes on as if nothing had been."""
    if deployment := history.any_deployment():
        Lease.claim(Deployment, deployment.pk, history.world.at)
        Deployment.objects.filter(pk=deployment.pk).update(lease_until=LONG_AGO)
        reconcile(Kind.DEPLOYMENT, deployment.pk, at=history.world.at, world=history.world.world)


def _dies_at_a_line(history: History) -> None:
    """kill -9 in the middle of whatever is due."""
    try:
        Tracer(history.chance.randint(1, 1500)).trace(history.world.tick)
    except Killed:
        bury()


def _pauses_at_a_line(history: History) -> None:
    """SIGSTOP beyond the lease in the middle of whatever is due; others work meanwhile, and then it goes on."""

    def meanwhile(frame: FrameType) -> None:
        history.world.at += timedelta(seconds=61)
        for _ in range(history.chance.randint(1, 5)):
            history.world.tick()

    Tracer(history.chance.randint(1, 1500), meanwhile).trace(history.world.tick)


def _a_stranger(history: History) -> None:
    """A machine of ours without a row, as an overtaken worker may leave it."""
    for fabric in Fabric.objects.all()[:1]:
        key = f"{history.chance.getrandbits(128):032x}"
        spec = MachineSpec(key, settings.PORTAL_ID, Size(64, 1, 100), (), 1, "", "", "")
        with suppress(Stop):
            history.world.world.driver(fabric).ensure(spec, Identity(Secret(""), Secret("")), within=1)


def _somebody_else(history: History) -> None:
    """Another person, with an event of their own, who wants what died to be launched again."""
    event = make_event(make_person(), days=2, at=history.world.at)
    history.events.append(event)
    launched = launch(event, history.releases[0], at=history.world.at)
    Deployment.objects.filter(pk=launched.pk).update(relaunches=True)


def _gut(history: History) -> None:
    if found := history.any_machine():
        found[0].gut(found[1])


def _moves(history: History) -> None:
    """There is another place from now on, and somebody is to go there, or back."""
    make_cloud()
    if deployment := history.any_deployment():
        deployment.move_away(by=None, at=history.world.at)


def _drained(history: History) -> None:
    """One of two places takes nothing new, and all that runs there is to leave."""
    make_cloud()
    closed = history.chance.choice(list(Fabric.objects.order_by("pk")))
    Fabric.objects.update(is_open=True)
    closed.let_in(False)
    for deployment in Deployment.objects.filter(machines__fabric=closed).distinct().order_by("pk"):
        deployment.move_away(by=None, at=history.world.at)


def _poked_thrice(history: History) -> None:
    for kind, rows in ((Kind.DEPLOYMENT, Deployment), (Kind.MACHINE, Machine)):
        for pk in list(rows.objects.values_list("pk", flat=True)) * 3:
            reconcile(kind, pk, at=history.world.at, world=history.world.world)


def _suspend(history: History) -> None:
    if deployment := history.any_deployment():
        deployment.suspend(by=deployment.owner, why="It asks for passwords.", at=history.world.at)


def _lift(history: History) -> None:
    for deployment in Deployment.objects.filter(suspend_wanted=True):
        deployment.lift(by=deployment.owner, at=history.world.at)


def _ports_are_taken(history: History) -> None:
    history.world.place.taken_ports |= {21001 + 10 * slot for slot in history.chance.sample(range(20), 5)}


def _end_moves(history: History) -> None:
    closes_at = history.world.at + timedelta(hours=history.chance.choice((1, 30, 200)))
    history.event.move(closes_at, by=None, at=history.world.at)


def _portal_off(history: History) -> None:
    history.world.sleep_until(history.world.at + timedelta(hours=history.chance.choice((1, 5, 50))))


def _programs_work_again(history: History) -> None:
    for place in places():
        place.failing_jobs.clear()


def _mood(name: str, most: int) -> Action:
    return lambda history: setattr(history.any_place(), name, history.chance.randint(1, most))


def _fail(step: str) -> Action:
    return lambda history: history.any_place().failing_jobs.update({step: 1})


ACTIONS: dict[str, Action] = {
    "launch": _launch,
    "launch again": _launch,
    "retire": _retire,
    "asks for a copy": _asks_for_a_copy,
    "retry": _retry,
    "destroy": _destroy,
    "power failure": _power_failure,
    "wishes": _wishes,
    "a worker dies": _worker_dies,
    "a worker wakes from the dead": _worker_wakes_from_the_dead,
    "a worker dies at some line": _dies_at_a_line,
    "a worker pauses at some line": _pauses_at_a_line,
    "a stranger": _a_stranger,
    "somebody else": _somebody_else,
    "gut": _gut,
    "somebody moves": _moves,
    "a place is drained": _drained,
    "quarantine": lambda history: Admission.objects.update(quarantined=True),
    "poked thrice": _poked_thrice,
    "suspended": _suspend,
    "opened again": _lift,
    "ports are taken": _ports_are_taken,
    "the disk is nearly full": lambda history: setattr(history.any_place(), "free_mib", 50),
    "programs say no": lambda history: setattr(history.any_place(), "check_code", 1),
    "programs say yes": lambda history: setattr(history.any_place(), "check_code", 0),
    "goodbyes fail": _fail("teardown"),
    "the end moves": _end_moves,
    "the portal is off": _portal_off,
    "mail is away": lambda history: setattr(history.world, "post_is_away", True),
    "mail is back": lambda history: setattr(history.world, "post_is_away", False),
    "the place is away": _mood("away", 30),
    "replies are lost": _mood("lost_replies", 5),
    "the place is full": _mood("no_room", 10),
    "lists are partial": _mood("partial_lists", 5),
    "removals are slow": _mood("slow_removals", 10),
    "jobs are slow": _mood("job_looks", 5),
    "boots are slow": _mood("boot_looks", 20),
    "installers fail": _fail("install"),
    "copies fail": _fail("archive"),
    "programs work again": _programs_work_again,
    "the front door is away": lambda history: setattr(history.world.front_door, "away", 10),
    "the front door loses replies": lambda history: setattr(history.world.front_door, "lost_replies", 5),
    "the front door forgets": lambda history: history.world.front_door.lose_all(),
    "pages do not answer": lambda history: setattr(history.world.prober, "misses", 20),
    "one at a time": lambda history: Fabric.objects.update(most_machines=1),
}


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
    history.play(["launch", *history.chance.choices(sorted(ACTIONS), k=length)])


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
