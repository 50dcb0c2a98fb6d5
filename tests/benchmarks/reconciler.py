"""How much work one launch is for the portal alone: 100, 1,000 and 10,000 launches on the memory fabric.

Prints seconds, CPU milliseconds per launch, KiB of memory per deployment, and the exponent by which CPU grows with the
number (1.00 = a launch costs the same however many there are). One process, one thread, a database of its own. Each size
but the largest is played before it and after it, and the mean is told: a machine that slows down is no growth of ours.
"""

import argparse
import json
import logging
import math
import os
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

SIZES = (100, 1_000, 10_000)
NO_LIMIT = 1_000_000
TO_A_PERSON = 10
"""Each has an event of their own; the limits of people and events are in force, only building at once has none."""


def main(argv: list[str]) -> int:
    """Run the sizes asked for and print what was measured."""
    words = argparse.ArgumentParser(prog="./fairground bench reconciler", description=__doc__)
    words.add_argument("--json", action="store_true")
    words.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    words.add_argument(
        "--at-once", type=int, default=NO_LIMIT, help="how many are set up at once; the others wait in line"
    )
    asked = words.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder), asked.at_once)
        there = sorted(set(asked.sizes))
        measured = _means([_measure(size, Path(folder)) for size in [*there, *there[-2::-1]]])
    result = {"rows": measured, "cpu_exponent": _exponent(measured)}
    print(json.dumps(result, indent=2) if asked.json else _table(result))
    return 0


def _means(played: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each size."""
    sizes = sorted({one["launches"] for one in played})
    alike = [[one for one in played if one["launches"] == size] for size in sizes]
    means = [{word: round(fmean(one[word] for one in group), 2) for word in group[0]} for group in alike]
    return [mean | {"launches": size} for size, mean in zip(sizes, means, strict=True)]


def _set_up(folder: Path, at_once: int = NO_LIMIT) -> None:
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    os.environ["BUILDING_AT_ONCE"] = str(at_once)
    import django
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.INFO)  # a line for each move of each row would bury the figures
    call_command("migrate", verbosity=0)


def _measure(size: int, folder: Path) -> dict[str, Any]:
    from provisioning.models import Deployment
    from provisioning.phases import Phase

    world = _world(folder)
    events, release = _events(size)
    memory, cpu, began = _resident_kib(), time.process_time(), time.monotonic()
    _press(events, release, size, world)
    moving = Deployment.objects.filter(phase__in=[Phase.WAITING, Phase.BUILDING])
    while moving.exists():
        world.tick()
    cpu, seconds = time.process_time() - cpu, time.monotonic() - began
    assert Deployment.objects.filter(phase=Phase.READY).count() == size, "not all became ready"
    _check(size)
    grown = max(0, _resident_kib() - memory)
    _forget()
    return {
        "launches": size,
        "seconds": round(seconds, 2),
        "cpu_ms_per_launch": round(1000 * cpu / size, 2),
        "kib_per_deployment": round(grown / size, 2),
    }


def _world(folder: Path) -> Any:
    from tests.simulation import Simulation

    return Simulation(folder / "copies")


def _events(size: int) -> tuple[list[Any], Any]:
    from tests.makers import make_event, make_fabric, make_release

    fabric = make_fabric()
    fabric.most_machines, fabric.options = 10 * size, {"slots": 100 * size, "place": "default"}
    fabric.save()
    return [make_event() for _ in range(0, size, TO_A_PERSON)], make_release()


def _press(events: list[Any], release: Any, size: int, world: Any) -> None:
    from provisioning.models import Deployment

    for number in range(size):
        token = f"{size}-{number}"
        event = events[number // TO_A_PERSON]
        Deployment.objects.launch(event=event, release=release, by=event.owner, form_token=token, at=world.at)
        world.at += timedelta(milliseconds=1)


def _check(size: int) -> None:
    from provisioning.fabrics.memory import place

    made = place().made
    assert len(made) == len(set(made)) == size, "a machine was lost or doubled"


def _forget() -> None:
    from django.core.management import call_command

    call_command("flush", verbosity=0, interactive=False)


def _resident_kib() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _exponent(rows: list[dict[str, Any]]) -> float | None:
    if len(rows) < 2:
        return None
    first, last = rows[0], rows[-1]
    growth = (last["cpu_ms_per_launch"] * last["launches"]) / (first["cpu_ms_per_launch"] * first["launches"])
    return round(math.log(growth) / math.log(last["launches"] / first["launches"]), 3)


def _table(result: dict[str, Any]) -> str:
    lines = ["launches   seconds   CPU ms each   KiB each"]
    lines += [
        f"{row['launches']:>8}  {row['seconds']:>8}  {row['cpu_ms_per_launch']:>12}  {row['kib_per_deployment']:>9}"
        for row in result["rows"]
    ]
    return "\n".join([*lines, f"CPU grows with exponent {result['cpu_exponent']}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
