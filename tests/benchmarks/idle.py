"""What the portal costs while nobody does anything: with no service, and with 50 running ones on the real engine.

CPU in percent of one core and memory (PSS) of all our programs and the front door, without the container engine; for a
whole round of looks (`Machine.keep_every`), once every new service has had its picture taken. Aim: < 2 % and < 400 MB.
Beside it, in the same time, a bare Python that wakes once a second: on some computers that alone costs much.
"""

import argparse
import json
import sys
from collections.abc import Mapping

from cli.apart import apart, manage
from cli.container_engine import EngineError
from cli.home import home
from cli.talk import HaltError, say
from cli.visitor import MissedError, Visitor, title, until
from tests.benchmarks import house

SETTLE = 20.0  # seconds after the last launch before anything is measured
PATIENCE = 900.0
PICTURES = 1800.0
PER_EVENT = 10
PICTURES_DUE = """
from portal.camera.browser import program
from provisioning.models import Deployment
print(Deployment.objects.filter(picture__taken_at=None).count() if program() else 0)
"""


def main() -> int:
    """Measure twice, print both."""
    words = argparse.ArgumentParser(prog="./fairground bench idle", description=__doc__)
    words.add_argument("--json", action="store_true")
    words.add_argument("--services", type=int, default=50)
    words.add_argument("--seconds", type=float, default=300)
    asked = words.parse_args()
    limits = {"SERVICES_PER_PERSON": "500", "MACHINES_AT_ONCE": str(asked.services + 5), "BUILDING_AT_ONCE": "6"}
    trusted = {"GIT_TRUSTED": f"file://{home()}/bench/apps/"}
    with apart("bench", limits | trusted) as settings:
        measured = {"0": _measured(asked.seconds)}
        _fill(settings, asked.services)
        until("each service's picture", lambda: manage("shell", "-v", "0", "-c", PICTURES_DUE).strip() == "0", PICTURES)
        measured[str(asked.services)] = _measured(asked.seconds)
    if asked.json:
        print(json.dumps(measured))
    for services, figures in measured.items() if not asked.json else ():
        told = "{cpu_percent:5.2f} % of a core, {memory_mib:6.1f} MiB; a bare Python that wakes each second {bare_percent:.2f} %"
        print(f"{services:>4} services: {told.format(**figures)}")
    return 0


def _measured(seconds: float) -> dict[str, float]:
    house.watch(SETTLE)
    return house.watch(seconds)


def _fill(settings: Mapping[str, str], services: int) -> None:
    app = house.add_still(home() / "apps" / "still")
    people = [house.newcomer(dict(settings)) for _ in range(0, services, PER_EVENT)]
    pages: list[tuple[Visitor, str]] = [
        (people[i // PER_EVENT], _launch(people[i // PER_EVENT], app)) for i in range(services)
    ]
    for count, (visitor, page) in enumerate(pages, 1):
        house.address_when_ready(visitor, page, PATIENCE)
        if count % 10 == 0:
            say(f"{count} services are ready.")


def _launch(visitor: Visitor, app: str) -> str:
    page = house.launch(visitor, app)
    if not page.startswith("/services/") or page.startswith("/services/new"):
        raise MissedError(f"the launch led to “{title(visitor.page)}”")
    return page


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (HaltError, EngineError, MissedError) as told:
        sys.exit(f"\n{told}")
