"""The four zeros: nothing leaked, lost, doubled or stuck; checked after every history, whatever happened in it."""

from datetime import datetime

from provisioning.fabrics.memory.place import places
from provisioning.models import Archive, Deployment, Entry, Machine
from provisioning.phases import CopyKind, Happened, Phase, Settled, Stand
from tests.simulation import Simulation


def leaked(world: Simulation) -> list[str]:
    """Machines, routes and keys that outlived their record."""
    living = set(Machine.objects.exclude(phase=Phase.GONE).values_list("key", flat=True))
    there = {key for place in places() for key in place.machines}
    told = [f"machine {key} has no living row" for key in there - living]
    routed = set(Deployment.objects.exclude(phase=Phase.GONE).values_list("key", flat=True))
    told += [f"route {name} has no living row" for name in set(world.front_door.routes) - routed]
    for deployment in Deployment.objects.filter(phase=Phase.GONE):
        told += [f"{machine} still has keys" for machine in deployment.machines.all() if machine.login_key]
        told += [f"{machine} outlived its deployment" for machine in deployment.machines.exclude(phase=Phase.GONE)]
    return told


def lost(world: Simulation) -> list[str]:
    """Data that went without a copy, a waiver or a reason."""
    told = []
    services = Machine.objects.filter(phase=Phase.GONE, deployment__isnull=False)
    for machine in services.select_related("deployment"):
        copied = Archive.objects.filter(
            machine=machine, kind=CopyKind.END, verified_at__gte=_last_used(machine)
        ).exists()
        if _people_used(machine) and machine.settled == Settled.NEVER_LOADED:
            told.append(f"{machine} went as never loaded although people used it")
        if (machine.settled == Settled.ARCHIVED) != copied:
            told.append(f"{machine} is {machine.settled} but copied={copied}")
        if machine.settled == Settled.LOST and not any(machine.key in place.destroyed for place in places()):
            told.append(f"{machine} is called lost, and nobody outside destroyed it")
    return told


def _people_used(machine: Machine) -> bool:
    """It was set up, and people could reach it before it was let go; from then on they reach another one, if any."""
    published_at = machine.deployment.ready_at
    was_published = machine.ready_at is not None and published_at is not None and published_at <= _let_go_at(machine)
    was_published = was_published and machine.stand != Stand.NEXT  # made ready elsewhere, and nobody was led to it
    return was_published and not machine.deployment.manifest.stateless


def _let_go_at(machine: Machine) -> datetime:
    let_go = Entry.objects.filter(machine=machine, happened=Happened.PHASE, told__phase=Phase.RETIRING).first()
    return let_go.at if let_go else machine.phase_at


def _last_used(machine: Machine) -> datetime:
    """When its service was open to people last; a copy from before may lack what they did since."""
    moves = Entry.objects.filter(deployment=machine.deployment, machine=None, happened=Happened.PHASE)
    after = Machine.objects.filter(deployment=machine.deployment_id, pk__gt=machine.pk).exclude(stand=Stand.NEXT)
    taken_over = (
        after.order_by("pk").values_list("ready_at", flat=True).first() if machine.stand == Stand.BEFORE else None
    )
    closed = moves.filter(told__was=Phase.READY, at__lte=taken_over or _let_go_at(machine)).order_by("at").last()
    return closed.at if closed else machine.created_at


def doubled(world: Simulation) -> list[str]:
    """Machines made twice for one key, or two that are wanted for one role; installers run twice."""
    made = [key for place in places() for key in place.made]
    destroyed = [key for place in places() for key in place.destroyed]
    again = {key: made.count(key) - destroyed.count(key) for key in set(made)}
    told = [f"machine {key} was made {made.count(key)} times" for key, times in again.items() if times > 1]
    for ghost in (ghost for place in places() for ghost in place.machines.values()):
        told += [f"{job} ran twice" for job in set(ghost.started) if ghost.started.count(job) > 1]
    return told


def stuck() -> list[str]:
    """Rows that nobody will look at again."""
    told = []
    for rows in (Deployment, Machine):
        forgotten = rows._default_manager.exclude(phase=Phase.GONE).filter(due_at=None)
        told += [f"{row} is {row.phase} and has no next look" for row in forgotten]
    return told


def check(world: Simulation) -> None:
    """Fail with everything that is not zero."""
    told = {"leaked": leaked(world), "lost": lost(world), "doubled": doubled(world), "stuck": stuck()}
    assert not any(told.values()), {name: found for name, found in told.items() if found}
