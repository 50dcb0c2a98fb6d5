"""Short lives of a service, each from the press to nothing left. A story that was cut off is simply told again."""

from collections.abc import Callable
from datetime import datetime, timedelta

from catalog.models import Release
from provisioning.models import Archive, Deployment, Entry, Machine
from provisioning.phases import CopyKind, Happened, Phase, Wanted
from tests.makers import launch, make_cloud, make_event
from tests.simulation import Simulation

Story = Callable[[], None]
SETTING_UP = (Phase.FAILED, Phase.BUILDING)
KEPT_FOR_A_LOOK = timedelta(hours=24)


def one_life(world: Simulation, release: Release) -> Story:
    """It is set up, runs, and ends with its event."""
    deployment = launch(make_event(days=1), release)

    def story() -> None:
        _until(world, deployment, lambda now: now.ready_at is not None)
        _end(world, deployment)

    return story


def failed_and_retried(world: Simulation, release: Release) -> Story:
    """The installer fails, somebody tries again, and it works."""
    deployment = launch(make_event(days=1), release)
    world.place.failing_jobs["install-1"] = 1

    def story() -> None:
        _until(world, deployment, lambda now: now.failed_attempt == 1)
        _now(deployment).retry(by=None, at=world.at)
        _until(world, deployment, lambda now: now.ready_at is not None)
        _end(world, deployment)

    return story


def destroyed_from_outside(world: Simulation, release: Release) -> Story:
    """Its machine is destroyed, which is noticed; somebody tries again, on another machine."""
    deployment = launch(make_event(days=1), release)

    def story() -> None:
        _until(world, deployment, lambda now: now.ready_at is not None)
        for key in () if world.place.destroyed else world.place.made[:1]:
            world.place.destroy(key)
        _until(world, deployment, lambda now: now.failed_attempt == 1)
        _now(deployment).retry(by=None, at=world.at)
        _until(world, deployment, lambda now: now.attempt == 2 and now.phase not in SETTING_UP)
        _end(world, deployment)

    return story


def silent_and_told_of(world: Simulation, release: Release) -> Story:
    """Its first machine lets nobody in and is replaced by itself; the second leaves, and its place says so."""
    deployment = launch(make_event(days=1), release)
    world.place.silent = 1

    def story() -> None:
        world.run_until(
            lambda: len(world.place.made) > 1 or Machine.objects.filter(step="reach", tries__gte=3).exists()
        )
        if len(world.place.made) == 1:
            world.sleep_until(deployment.created_at + timedelta(minutes=15))
        _until(world, deployment, lambda now: now.ready_at is not None)
        for machine in () if world.place.destroyed else Machine.objects.filter(phase=Phase.READY):
            world.place.destroy(machine.key)
            world.place.tell(machine.place_id)
        _until(world, deployment, lambda now: now.failed_attempt == 1)
        world.run_until(lambda: not world.place.messages)
        _end(world, deployment)

    return story


def given_back_and_retried(world: Simulation, release: Release) -> Story:
    """Its page never answers, so its room is given back after a day; somebody tries again, at whatever moment."""
    deployment = launch(make_event(days=3), release)
    world.prober.misses = 10**6

    def story() -> None:
        if not world.prober.misses:
            _again(world, deployment)
            return
        world.run_until(lambda: Machine.objects.filter(phase=Phase.READY).exists())
        world.run_for(timedelta(seconds=2))
        world.sleep_until(world.at + timedelta(hours=1))
        failed_at = _until(world, deployment, lambda now: now.failed_attempt == 1)
        world.prober.misses = 0
        world.sleep_until(failed_at + KEPT_FOR_A_LOOK)
        world.run_until(lambda: not world.place.machines)
        _again(world, deployment)

    return story


def suspended_and_opened_again(world: Simulation, release: Release) -> Story:
    """It is taken off its address and its network, and opened again."""
    deployment = launch(make_event(days=1), release)

    def story() -> None:
        _until(world, deployment, lambda now: now.ready_at is not None)
        if not _was(deployment, Happened.WISH, "lift"):
            _now(deployment).suspend(by=deployment.owner, why="", at=world.at)
            world.run_until(lambda: _was(deployment, Happened.SUSPENSION, True))
            assert not any(ghost.on_network for ghost in world.place.machines.values())
            _now(deployment).lift(by=deployment.owner, at=world.at)
        _until(world, deployment, lambda now: now.suspended_at is None)
        _end(world, deployment)

    return story


def put_up_again(world: Simulation, release: Release) -> Story:
    """It ends, and its copy is put up again, which ends as well."""
    deployment = launch(make_event(days=1), release)
    next_time = make_event(deployment.owner, days=3)

    def story() -> None:
        _until(world, deployment, lambda now: now.ready_at is not None)
        _end(world, deployment)
        copy = Archive.objects.get(deployment=deployment, kind="end")
        again = launch(next_time, release, at=world.at, copy=copy, form_token="again")
        _until(world, again, lambda now: now.ready_at is not None)
        assert again.name == deployment.name
        _end(world, again)

    return story


def moved_elsewhere(world: Simulation, release: Release) -> Story:
    """It goes to another place with all that is in it, and ends there."""
    make_cloud()
    deployment = launch(make_event(days=1), release)

    def story() -> None:
        _until(world, deployment, lambda now: now.ready_at is not None)
        if not _was(deployment, Happened.WISH, "move"):
            _now(deployment).move_away(by=None, at=world.at)
        _until(world, deployment, lambda now: now.move_asked_at is None)
        first, second = Machine.objects.filter(deployment=deployment).order_by("pk")
        assert _now(deployment).restored_from == Archive.objects.get(machine=first, kind="end")
        assert second.fabric_id != first.fabric_id
        _end(world, deployment)

    return story


def copied_while_it_runs(world: Simulation, release: Release) -> Story:
    """Somebody asks for a copy, a night passes, and it ends."""
    deployment = launch(make_event(days=2), release)

    def story() -> None:
        _until(world, deployment, lambda now: now.ready_at is not None)
        _now(deployment).keep_copy(by=deployment.owner, at=world.at)
        world.run_until(lambda: _has_copy(deployment, CopyKind.ASKED))
        world.sleep_until(deployment.created_at + timedelta(hours=18))
        world.run_until(lambda: _has_copy(deployment, CopyKind.NIGHTLY))
        _end(world, deployment)

    return story


def _has_copy(deployment: Deployment, kind: CopyKind) -> bool:
    return Archive.objects.filter(deployment=deployment, kind=kind).exists()


STORIES = (
    moved_elsewhere,
    copied_while_it_runs,
    one_life,
    failed_and_retried,
    destroyed_from_outside,
    silent_and_told_of,
    given_back_and_retried,
    suspended_and_opened_again,
    put_up_again,
)


def forget() -> None:
    """Begin anew."""
    Archive.objects.all().delete()
    Machine.objects.all().delete()
    Deployment.objects.all().delete()


def _again(world: Simulation, deployment: Deployment) -> None:
    _now(deployment).retry(by=None, at=world.at)
    _until(world, deployment, lambda now: now.ready_at is not None)
    _end(world, deployment)


def _end(world: Simulation, deployment: Deployment) -> None:
    if _now(deployment).wanted == Wanted.UP:
        world.sleep_until(deployment.expires_at - timedelta(hours=1))
        world.run_for(timedelta(minutes=1))  # people are warned
        world.sleep_until(deployment.expires_at)
    world.until_phase(deployment, Phase.GONE)


def _until(world: Simulation, deployment: Deployment, true: Callable[[Deployment], bool]) -> datetime:
    """Wait for this, unless somebody asks it to go meanwhile."""
    return world.run_until(lambda: true(now := _now(deployment)) or now.wanted == Wanted.GONE)


def _was(deployment: Deployment, happened: Happened, what: str | bool) -> bool:
    told = Entry.objects.filter(deployment=deployment, happened=happened).values_list("told", flat=True)
    return any(what in entry.values() for entry in told)


def _now(deployment: Deployment) -> Deployment:
    return Deployment.objects.get(pk=deployment.pk)
