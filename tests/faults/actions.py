"""What may happen in a history: people press, places misbehave, workers die."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import FrameType

from django.conf import settings

from provisioning.driver import Identity, MachineSpec, Secret, Size
from provisioning.errors import Stop
from provisioning.fabrics.memory.place import places
from provisioning.models import Admission, Deployment, Fabric, Machine
from provisioning.models.reconciled import LONG_AGO
from provisioning.phases import Kind, Phase, Wanted
from provisioning.reconciler.lease import Lease
from provisioning.reconciler.walk import reconcile
from tests.faults.history import History
from tests.faults.lines import Killed, Tracer, bury
from tests.makers import launch, make_cloud, make_event, make_person

Action = Callable[[History], object]


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
