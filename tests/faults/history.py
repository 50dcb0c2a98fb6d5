"""One world in which things happen, until it is calm, everything ends, and four numbers must be zero."""

import random
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from provisioning.fabrics.memory.place import Place, places
from provisioning.models import Admission, Deployment, Event, Fabric, Machine
from provisioning.phases import Phase
from tests.faults import zeros
from tests.makers import make_event, make_person, make_release
from tests.simulation import Simulation

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

    def play(self, actions: Iterable[Callable[["History"], object]]) -> None:
        """Let these things happen, a few looks apart; then calm down and end."""
        for happens in actions:
            happens(self)
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
