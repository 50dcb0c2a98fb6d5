"""Ends, head counts, and copies whose time is over."""

from datetime import timedelta

import pytest
from django.conf import settings

from provisioning.driver import Endpoint, Identity, MachineSpec, Secret, Size
from provisioning.models import Admission, Archive, Deployment, Entry, Fabric, Machine, Stray
from provisioning.phases import Happened, Phase, Wanted
from provisioning.reconciler import head_count, keep
from provisioning.step import RouteLine
from tests.makers import NOON, launch, make_event, make_fabric
from tests.simulation import Simulation, phase_of

pytestmark = pytest.mark.thorough

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stranger(world: Simulation, key: str, owner: str) -> None:
    """A machine that no row knows."""
    spec = MachineSpec(key, owner, Size(64, 1, 100), (), 1, "", "", "")
    driver = world.world.driver(next(iter(Machine.objects.all())).fabric)
    driver.owner, ours = owner, driver.owner  # type: ignore[attr-defined]
    driver.ensure(spec, Identity(Secret(""), Secret("")), within=1)
    driver.owner = ours  # type: ignore[attr-defined]


def test_an_extended_event_ends_later_and_so_does_all_in_it(world: Simulation) -> None:
    event = make_event(days=1)
    deployment = launch(event)
    world.until_phase(deployment, Phase.READY)
    assert event.move(event.closes_at + DAY, by=event.owner, at=world.at)
    world.sleep_until(NOON + DAY + HOUR)
    world.run_for(timedelta(minutes=2))
    deployment.refresh_from_db()
    assert deployment.phase == Phase.READY
    assert deployment.expires_at == NOON + 2 * DAY


def test_a_stray_goes_after_two_lists_some_time_apart(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    stranger(world, "f" * 32, settings.PORTAL_ID)
    world.run_for(timedelta(minutes=5))
    assert "f" * 32 in world.place.machines
    world.run_for(timedelta(minutes=10))
    assert "f" * 32 not in world.place.machines
    assert Stray.objects.get().gone_at is not None


def test_a_machine_of_another_portal_is_never_touched(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    stranger(world, "e" * 32, "somebody else")
    world.run_for(timedelta(minutes=1))
    world.sleep_until(world.at + HOUR)
    world.run_for(timedelta(minutes=1))
    assert "e" * 32 in world.place.machines
    assert not Stray.objects.exists()


def test_nothing_without_a_row_is_removed_in_quarantine(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    Admission.objects.update(quarantined=True)
    stranger(world, "f" * 32, settings.PORTAL_ID)
    world.run_for(timedelta(minutes=1))
    world.sleep_until(world.at + HOUR)
    world.run_for(timedelta(minutes=1))
    assert "f" * 32 in world.place.machines


def test_a_partial_list_proves_no_absence(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    world.run_for(timedelta(minutes=1))
    agreed_at = Fabric.objects.get().agreed_at
    world.place.partial_lists = 5
    world.run_for(timedelta(minutes=2))
    assert Fabric.objects.get().agreed_at == agreed_at
    assert Deployment.objects.get().phase == Phase.READY
    assert not Entry.objects.filter(happened=Happened.PROBLEM).exists()


def test_a_line_of_the_front_door_that_no_row_wants_is_taken_away(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    world.front_door.put(RouteLine("left-over", "gone.apps.localhost", Endpoint("memory", 1)), within=1)
    world.run_for(timedelta(minutes=1))
    assert list(world.front_door.routes) == [deployment.key]


def test_a_place_with_wrong_options_hinders_nothing_else(world: Simulation) -> None:
    Fabric.objects.create(name="broken", kind="no such kind", is_open=False)
    deployment = launch()
    world.run_until(lambda: phase_of(deployment) == Phase.BUILDING)
    good, long_over = make_fabric(), deployment.expires_at + 2 * DAY
    world.place.away = 1
    with pytest.raises(KeyError):
        keep(long_over, world.world)
    good.refresh_from_db()
    assert good.away_since == long_over
    assert Deployment.objects.get().wanted == Wanted.GONE


def test_no_more_than_five_strays_go_in_one_head_count(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    for number in range(7):
        stranger(world, f"{number}" * 32, settings.PORTAL_ID)
    head_count(Fabric.objects.get(), world.at, world.world)
    head_count(Fabric.objects.get(), world.at + HOUR, world.world)
    assert len(world.place.machines) == 1 + 7 - 5


def test_strays_that_cannot_be_removed_do_not_hinder_the_others(world: Simulation) -> None:
    deployment = launch()
    world.until_phase(deployment, Phase.READY)
    for number in range(7):
        stranger(world, f"{number}" * 32, settings.PORTAL_ID)
    world.run_for(timedelta(minutes=1))
    world.place.slow_removals = 10**6
    world.sleep_until(world.at + timedelta(minutes=11))
    world.run_for(timedelta(seconds=70))
    assert Stray.objects.exclude(removal_asked_at=None).count() == 7


def test_a_copy_is_deleted_when_its_time_is_over_and_the_row_says_when(world: Simulation) -> None:
    deployment = launch(make_event(days=1))
    world.until_phase(deployment, Phase.READY)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    copy = Archive.objects.get(kind="end")
    assert world.world.vault.size(copy.name) == copy.size
    world.sleep_until(copy.delete_at - 7 * DAY)
    world.run_for(timedelta(minutes=2))
    world.sleep_until(copy.delete_at)
    world.run_for(timedelta(minutes=2))
    assert world.world.vault.size(copy.name) == 0
    assert Archive.objects.get(kind="end").deleted_at is not None


def test_an_end_that_is_moved_at_the_last_moment_is_not_the_end(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(days=1)
    deployment = launch(event)
    world.until_phase(deployment, Phase.READY)
    world.sleep_until(event.closes_at)
    read = list(Deployment.objects.ending(world.at))
    assert event.move(event.closes_at + DAY, by=event.owner, at=world.at)
    with monkeypatch.context() as late:
        late.setitem(keep.__globals__, "_over", lambda at: read)
        keep(world.at, world.world)
    assert Deployment.objects.get().wanted == Wanted.UP
