"""Launches that go on: a reconciler on the memory fabric whose installers never end. Runs until its standard input closes."""

import os
import select
import sys
import time
from pathlib import Path

import django


def main(launches: int) -> None:
    """Press so often, say so, and go on setting up."""
    from django.utils import timezone

    from provisioning.models import Deployment, Event
    from provisioning.reconciler.sweep import due
    from provisioning.reconciler.walk import reconcile
    from tests.simulation import Simulation

    world = Simulation(Path(os.environ["FAIRGROUND_HOME"]) / "copies")
    world.place.job_looks = 1_000_000
    release = Deployment.objects.latest("pk").release
    for number, event in enumerate(Event.objects.order_by("pk")[:launches]):
        token = f"busy-{os.getpid()}-{number}"
        Deployment.objects.launch(event=event, release=release, by=event.owner, form_token=token, at=timezone.now())
    print("begun", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for kind, pk in list(due(timezone.now())):
            reconcile(kind, pk, at=timezone.now(), world=world.world)
        time.sleep(0.1)


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
