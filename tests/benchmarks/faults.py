"""What a kind of place may do to launches, by chance: requests and replies lost, machines stopped and taken away, and more.

The real reconciler launches, mends and retires on a place's real driver, and the place is broken behind its back, drawn with
a seed. In the end the place behaves, everybody who wants a service must have one, and when all are let go nothing may be left.
What runs on the machines is the memory place's: only the place is tried. The clock jumps to whatever is due.
"""

import argparse
import importlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.reconciler import _set_up

AT_LEAST = 100
LONGEST = 1_500
"""Looks after which what has not come to its end is stuck."""
PATIENT, IMPATIENT = 20.0, 0.2
"""Seconds that a call may take; the second, while the place is known not to answer."""


def main(argv: list[str]) -> int:
    """Run one kind of place and print what became of it; 1 if anything leaked, was lost, doubled or stuck."""
    words = argparse.ArgumentParser(prog="./fairground bench faults", description=__doc__)
    words.add_argument("--json", action="store_true")
    words.add_argument("--fabric", default="memory")
    words.add_argument("--faults", type=int, default=AT_LEAST)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder))
        with importlib.import_module(f"tests.conformance.rigs.{asked.fabric}").open_rig() as rig:
            result = Trial(asked.fabric, rig, asked.seed, Path(folder)).run(asked.faults)
    print(json.dumps(result, indent=2) if asked.json else _told(asked.fabric, asked.seed, result))
    return int(any(result[what] for what in ("leaked", "lost", "doubled", "stuck")))


class Trial:
    """One run."""

    def __init__(self, kind: str, rig: Any, seed: int, folder: Path) -> None:
        from django.conf import settings

        from provisioning.front_door import MemoryProber
        from tests.benchmarks.wired import Wired
        from tests.makers import make_fabric, make_release
        from tests.simulation import Simulation

        settings.PORTAL_ID = rig.owner
        self.rig, self.chance = rig, random.Random(seed)
        self.wired = Wired(rig.driver)
        self.sim = Simulation(folder / "copies")
        prober = MemoryProber(self.sim.front_door, lambda _: True)
        self.sim.world = replace(self.sim.world, driver=lambda _: self.wired, prober=prober)
        apart = {"subnets": "10.212.0.0/16", "first_port": 12_000, "slots": 700}
        make_fabric(kind=kind, most_machines=rig.holds, options=apart)
        self.release = make_release(stateless=True)
        self.injected: Counter[str] = Counter()
        self.doubled: set[str] = set()
        self.launched = 0

    def run(self, faults: int) -> dict[str, Any]:
        """Break things that often, then let everything come to its end, and count."""
        began = time.monotonic()
        while self.injected.total() < faults:
            self._live()
            self._break()
            self._turn(self.chance.randint(1, 4))
        self.rig.calm()
        lost = self._until(self._not_ready)
        self._retire_all()
        stuck = self._until(self._not_gone)
        leaked = {key for key in self.wired.specs if self.rig.machines(key)}
        leaked |= self.rig.driver.roll_call(within=20).keys
        counts = {"leaked": len(leaked), "lost": lost, "doubled": len(self.doubled), "stuck": stuck}
        took = {
            "launches": self.launched,
            "machines": len(self.wired.specs),
            "seconds": round(time.monotonic() - began, 1),
        }
        return {"faults": dict(sorted(self.injected.items())), **took, **counts}

    # --- people ---------------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        """Somebody launches, somebody has had enough, and those whose service failed try again."""
        from provisioning.phases import Phase
        from tests.makers import launch, make_event

        moving = list(self._wanted())
        if len(moving) < self.rig.holds and self.chance.random() < 0.5:
            launch(make_event(days=300, at=self.sim.at), self.release, at=self.sim.at)
            self.launched += 1
        ready = [deployment for deployment in moving if deployment.phase == Phase.READY]
        if ready and self.chance.random() < 0.2:
            self.chance.choice(ready).retire(by=None, at=self.sim.at)
        self._try_again()

    def _try_again(self) -> None:
        for deployment in self._wanted():
            deployment.retry(by=None, at=self.sim.at)

    def _retire_all(self) -> None:
        for deployment in self._wanted():
            deployment.retire(by=None, at=self.sim.at)

    def _wanted(self) -> Any:
        from provisioning.models import Deployment
        from provisioning.phases import Wanted

        return Deployment.objects.filter(wanted=Wanted.UP).order_by("pk")

    # --- the place ------------------------------------------------------------------------------------------------------

    def _break(self) -> None:
        faults: Mapping[str, Callable[[], None]] = {
            "reply lost": lambda: self.rig.lose_reply(self.chance.randint(1, self.rig.effects_of_ensure)),
            "request lost": lambda: self.rig.lose_request(self.chance.randint(1, self.rig.effects_of_ensure)),
            "paused": lambda: self._meanwhile(self.rig.paused()),
            "away": lambda: self._meanwhile(self.rig.away()),
            **self.rig.further_faults(),
        }
        there = {key: self.rig.machines(key) for key in self.wired.shadow.machines}
        self.doubled |= {key for key, machines in there.items() if machines > 1}
        running = [key for key, machines in there.items() if machines]
        if running:
            key = self.chance.choice(running)
            faults = {**faults, "taken away": lambda: self._destroy(key)}
            if self.wired.capabilities.tells_stopped:
                faults = {**faults, "stopped": lambda: self.rig.stop(key)}
        name = self.chance.choice(sorted(faults))
        faults[name]()
        self.injected[name] += 1

    def _destroy(self, key: str) -> None:
        self.rig.destroy(key)
        self.wired.shadow.destroy(key)

    def _meanwhile(self, bad: AbstractContextManager[None]) -> None:
        self.wired.most = IMPATIENT
        with bad:
            self._turn(1)
        self.wired.most = PATIENT

    # --- time -----------------------------------------------------------------------------------------------------------

    def _turn(self, times: int) -> None:
        for _ in range(times):
            self.sim.tick()

    def _until(self, left: Callable[[], int]) -> int:
        """Go on until nothing is left, or for very long; return what is left."""
        for _ in range(LONGEST):
            if not left():
                return 0
            self._try_again()
            self._turn(1)
            time.sleep(0.01)  # a real place works meanwhile
        print(*self.sim.state(), sep="\n", file=sys.stderr)
        return left()

    def _not_ready(self) -> int:
        from provisioning.phases import Phase

        return sum(deployment.phase != Phase.READY for deployment in self._wanted())

    def _not_gone(self) -> int:
        from provisioning.models import Deployment, Machine
        from provisioning.phases import Phase

        return sum(rows.objects.exclude(phase=Phase.GONE).count() for rows in (Deployment, Machine))


def _told(kind: str, seed: int, result: dict[str, Any]) -> str:
    faults = result["faults"]
    lines = [f"{times:>6}  {name}" for name, times in faults.items()]
    lines.append(f"{sum(faults.values()):>6}  faults at {kind} (seed {seed}), {result['launches']} launches, ")
    lines[-1] += f"{result['machines']} machines, {result['seconds']} s"
    return "\n".join([*lines, ", ".join(f"{result[what]} {what}" for what in ("leaked", "lost", "doubled", "stuck"))])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
