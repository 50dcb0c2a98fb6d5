"""Our world in small: the real reconciler on the memory fabric, with a clock that jumps to whatever is due next."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from provisioning import nudge
from provisioning.driver import Endpoint, Seen
from provisioning.fabrics.memory.place import Place, forget_places, place, places
from provisioning.front_door import MemoryDoor, MemoryProber
from provisioning.models import Deployment, Entry
from provisioning.phases import Happened, Kind, Phase
from provisioning.reconciler import World, keep, listen
from provisioning.reconciler.sweep import due, next_due
from provisioning.reconciler.walk import reconcile
from provisioning.reconciler.world import driver_of
from provisioning.vault import FolderVault
from tests.makers import NOON, launch, make_event, make_release

KEEP_EVERY = timedelta(seconds=60)
LONGEST = 3_000
"""Passes after which a history that does not come to rest is called stuck."""


class Mistakes(logging.Handler):
    """Collects what the reconciler's one broad except caught: in a test, a bug of ours is a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.met: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.met.append(record.exc_info[1])


MISTAKES = Mistakes()


class Simulation:
    """A world, a clock, and the hand that turns them."""

    def __init__(self, folder: Path) -> None:
        nudge.poke_with(lambda kind, pk: None)
        forget_places()
        MISTAKES.met.clear()
        logging.getLogger("provisioning.reconciler.walk").addHandler(
            MISTAKES
        )  # whoever set up Django again took it off
        driver_of.__globals__["_driver"].cache_clear()
        self.at = NOON
        self.kept_at = NOON
        self.place: Place = place()
        self.front_door = MemoryDoor()
        self.prober = MemoryProber(self.front_door, self._answers)
        self.post_is_away = False
        self.world = World(
            driver=driver_of,
            front_door=self.front_door,
            prober=self.prober,
            vault=FolderVault(folder),
            door=Endpoint("127.0.0.1", 8080),
        )

    def _answers(self, upstream: Endpoint) -> bool:
        """A page answers where a running machine has that port and runs programs."""
        known = [(place, place.at_port.get(upstream.port)) for place in places()]
        there = (ghost for place, ghost in known if ghost and place.machines.get(ghost.spec.key) is ghost)
        ghost = next(there, None)
        return ghost is not None and bool(ghost.programs) and ghost.seen == Seen.RUNNING and ghost.on_network

    def tick(self) -> None:
        """Do all that is due now; then let the clock jump to the next thing that is."""
        looks = [self._look(kind, pk) for kind, pk in due(self.at)]
        if self.at - self.kept_at >= KEEP_EVERY:
            keep(self.at, self.world)
            listen(self.at, self.world)
            self.kept_at = self.at
            self._post()
        self._jump()
        if not any(looks) and self.at > (next_due() or self.at):
            self.at += timedelta(seconds=1)  # everything that is due is leased, perhaps by somebody dead

    def _post(self) -> None:
        """Every warning leaves at once, unless the post is away."""
        if not self.post_is_away:
            Entry.objects.filter(happened=Happened.WARNING, noticed=False).update(noticed=True)

    def _look(self, kind: Kind, pk: int) -> bool:
        """One pass. Return False if somebody else has the row."""
        next_look = reconcile(kind, pk, at=self.at, world=self.world)
        if MISTAKES.met:
            raise MISTAKES.met[0]
        return next_look is not None

    def run_until(self, true: Callable[[], bool]) -> datetime:
        """Turn until this is true; return when that was. Fails when it never becomes true."""
        for _ in range(LONGEST):
            if true():
                return self.at
            self.tick()
        raise AssertionError(f"still not true at {self.at}: {self.state()}")

    def run_for(self, time: timedelta) -> None:
        """Turn until this much time has passed."""
        until = self.at + time
        self.run_until(lambda: self.at >= until)

    def skim(self, time: timedelta) -> None:
        """As `run_for`, but only the first two minutes of each twenty are played: for what holds however long it takes."""
        until = self.at + time
        while self.at < until:
            self.run_for(min(timedelta(minutes=2), until - self.at))
            self.sleep_until(min(self.at + timedelta(minutes=18), until))

    def until_phase(self, deployment: Deployment, phase: Phase) -> datetime:
        """Turn until the deployment is in this phase."""
        return self.run_until(lambda: phase_of(deployment) == phase)

    def sleep_until(self, at: datetime) -> None:
        """The portal was off, and comes back at this time: everything is overdue."""
        self.at = max(self.at, at)

    def state(self) -> list[str]:
        """All rows in short, for a failed test's message."""
        return [
            f"{row.title}: {row.phase} at {row.step} ({row.problem}); machines "
            + ", ".join(f"{m.phase} at {m.step} ({m.problem} {m.problem_params or ''})" for m in row.machines.all())
            for row in Deployment.objects.all()
        ]

    def _jump(self) -> None:
        soon = next_due()
        keep_at = self.kept_at + KEEP_EVERY
        self.at = max(self.at, min(soon, keep_at) if soon else keep_at) + timedelta(milliseconds=1)


def phase_of(deployment: Deployment) -> str:
    """Its phase now."""
    return str(Deployment.objects.values_list("phase", flat=True).get(pk=deployment.pk))


def phases_of(deployment: Deployment) -> list[str]:
    """The phases it went through, in order."""
    entries = Entry.objects.filter(deployment=deployment, machine=None, happened=Happened.PHASE)
    return [entry.told["phase"] for entry in entries.order_by("pk")]


def key_of(deployment: Deployment) -> str:
    """The key of its machine."""
    machine = deployment.machine()
    assert machine
    return machine.key


def ready(world: Simulation, *, stateless: bool = False) -> Deployment:
    """A service that people use."""
    deployment = launch(make_event(days=30), make_release(stateless=stateless))
    world.until_phase(deployment, Phase.READY)
    return Deployment.objects.get(pk=deployment.pk)
