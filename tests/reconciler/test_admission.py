"""Who may come in, how many, and whose turn it is."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from provisioning import admission
from provisioning.errors import NotYet
from provisioning.models import Admission, Allowance, Deployment, Fabric, House, Machine
from provisioning.phases import Kind, Phase
from provisioning.reconciler.walk import reconcile
from provisioning.slots import free_slot
from tests.makers import NOON, launch, make_event, make_fabric, make_person, make_release
from tests.simulation import Simulation, phase_of

pytestmark = pytest.mark.thorough


def many(number: int, **words: Any) -> list[Deployment]:
    """Presses of one person."""
    event, release = make_event(**words), make_release()
    return [launch(event, release) for _ in range(number)]


def admitted() -> int:
    return Deployment.objects.exclude(phase=Phase.WAITING).count()


def wait_long(world: Simulation) -> None:
    """Those who wait have waited for a while, and are looked at seldom."""
    world.sleep_until(world.at + timedelta(minutes=10))
    world.run_for(timedelta(seconds=30))


def test_a_full_place_makes_people_wait_and_lets_them_in_when_a_machine_is_gone(world: Simulation) -> None:
    first, second = many(2)
    Fabric.objects.update(most_machines=1)
    world.until_phase(first, Phase.READY)
    world.run_for(timedelta(seconds=20))
    assert phase_of(second) == Phase.WAITING
    first.retire(by=None, at=world.at)
    world.until_phase(second, Phase.READY)
    assert Machine.objects.get(deployment=first).phase == Phase.GONE


def test_a_place_without_a_free_number_is_full_however_many_machines_it_may_have(world: Simulation) -> None:
    place = make_fabric(options={"slots": 2})
    services = many(3)
    for service in services[:2]:
        world.until_phase(service, Phase.READY)
    world.run_for(timedelta(seconds=20))
    assert (phase_of(services[2]), admission.load(place)) == (Phase.WAITING, 1)
    with pytest.raises(NotYet, match="no-room"):
        free_slot(place)
    services[0].retire(by=None, at=world.at)
    world.until_phase(services[2], Phase.READY)


def test_who_waits_is_let_in_the_moment_there_is_room(world: Simulation) -> None:
    first, second = many(2)
    Fabric.objects.update(most_machines=1)
    world.until_phase(first, Phase.READY)
    wait_long(world)
    first.retire(by=None, at=world.at)
    left = world.run_until(lambda: not world.place.machines)
    assert world.until_phase(second, Phase.BUILDING) - left < timedelta(seconds=2)


def test_room_is_released_when_the_machine_is_gone_not_at_the_click(world: Simulation) -> None:
    first, second = many(2)
    Fabric.objects.update(most_machines=1)
    world.until_phase(first, Phase.READY)
    world.place.slow_removals = 10**6
    first.retire(by=None, at=world.at)
    world.run_until(lambda: Machine.objects.get().removal_asked_at is not None)
    world.run_for(timedelta(seconds=30))
    assert phase_of(second) == Phase.WAITING
    world.place.slow_removals = 0
    world.until_phase(second, Phase.READY)


def test_who_waits_for_room_is_looked_at_less_and_less_often(world: Simulation) -> None:
    deployment = launch()
    Fabric.objects.update(most_machines=0)
    world.run_for(timedelta(minutes=1))
    looks = Deployment.objects.get(pk=deployment.pk).lease_epoch
    assert 40 < looks < 120, "ten looks a second would be 600"


def test_the_switch_no_new_launches_keeps_everybody_waiting(world: Simulation) -> None:
    deployment = launch()
    Admission.objects.update_or_create(pk=1, defaults={"is_open": False})
    world.run_for(timedelta(seconds=20))
    assert phase_of(deployment) == Phase.WAITING
    assert Deployment.objects.get().waits_for == "launches-are-paused"
    Admission.objects.update(is_open=True)
    world.until_phase(deployment, Phase.READY)
    assert Deployment.objects.get().waits_for == ""


def test_a_person_gets_no_more_than_their_share(world: Simulation, settings: Settings) -> None:
    settings.SERVICES_PER_PERSON = 2
    many(5)
    world.run_for(timedelta(seconds=20))
    assert admitted() == 2


def test_an_event_gets_no_more_than_its_share(world: Simulation) -> None:
    many(5, most_services=3)
    world.run_for(timedelta(seconds=20))
    assert admitted() == 3


def test_one_who_comes_late_is_served_before_the_tenth_of_another(world: Simulation, settings: Settings) -> None:
    settings.BUILDING_AT_ONCE = 1
    greedy = many(10)
    modest = launch(make_event(make_person("bob")))
    world.until_phase(modest, Phase.READY)
    waiting = [one for one in greedy if phase_of(one) == Phase.WAITING]
    assert len(waiting) >= 7


def test_a_press_at_the_moment_when_room_is_free_overtakes_nobody(world: Simulation, settings: Settings) -> None:
    settings.BUILDING_AT_ONCE = 1
    first, second = many(2)
    modest = launch(make_event(make_person("bob")))
    world.until_phase(first, Phase.READY)
    reconcile(Kind.DEPLOYMENT, second.pk, at=world.at, world=world.world)
    assert phase_of(second) == Phase.WAITING
    world.until_phase(modest, Phase.BUILDING)


def test_room_that_the_next_one_cannot_take_goes_to_the_one_after_at_once(world: Simulation) -> None:
    make_fabric(most_machines=1)
    first, banned, patient = (launch(make_event(make_person(name))) for name in ("ada", "bob", "eve"))
    Allowance.objects.create(person=banned.owner, services=0)
    world.until_phase(first, Phase.READY)
    wait_long(world)
    first.retire(by=None, at=world.at)
    left = world.run_until(lambda: not world.place.machines)
    assert world.until_phase(patient, Phase.BUILDING) - left < timedelta(seconds=0.2)
    assert phase_of(banned) == Phase.WAITING


def test_all_who_wait_come_in_one_upon_the_other_when_there_is_room_for_all(
    world: Simulation, settings: Settings
) -> None:
    settings.SERVICES_PER_PERSON = settings.BUILDING_AT_ONCE = 100
    place = make_fabric(most_machines=0)
    presses = many(30, most_services=100)
    wait_long(world)
    world.place.slow = 100
    Fabric.objects.filter(pk=place.pk).update(most_machines=100)
    began = world.at
    world.run_until(lambda: admitted() == len(presses))
    assert world.at - began < timedelta(seconds=6)


def test_a_long_line_costs_few_looks(world: Simulation, settings: Settings) -> None:
    settings.SERVICES_PER_PERSON = 100
    make_fabric(most_machines=0)
    presses = many(100, most_services=100)
    wait_long(world)
    looks = sum(Deployment.objects.values_list("lease_epoch", flat=True))
    world.run_for(timedelta(minutes=1))
    assert sum(Deployment.objects.values_list("lease_epoch", flat=True)) - looks < 4 * len(presses)


def test_room_is_counted_in_the_transaction_that_admits(world: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[bool] = []
    real = admission.place_for

    def place_for(*given: Any) -> Fabric:
        counted.append(connection.in_atomic_block)
        return real(*given)

    monkeypatch.setattr(admission, "place_for", place_for)
    world.until_phase(launch(), Phase.BUILDING)
    assert counted == [True]


def test_fifty_at_once_at_a_limit_of_three_are_three(world: Simulation, settings: Settings) -> None:
    make_fabric(most_machines=3)
    presses = many(50)

    def press(deployment: Deployment) -> None:
        reconcile(Kind.DEPLOYMENT, deployment.pk, at=NOON, world=world.world)
        connection.close()

    settings.BUILDING_AT_ONCE = 1000
    threads = [threading.Thread(target=press, args=(deployment,)) for deployment in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Machine.objects.count() == 3
    assert admitted() == 3


def test_two_machines_never_share_a_port_or_a_network(world: Simulation, settings: Settings) -> None:
    settings.BUILDING_AT_ONCE = 1000
    presses = many(15)
    world.run_until(lambda: all(phase_of(one) == Phase.READY for one in presses))
    specs = [machine.spec for machine in Machine.objects.all()]
    ports = [spec["ssh_port"] for spec in specs] + [port["outer"] for spec in specs for port in spec["ports"]]
    assert len(set(ports)) == len(ports)
    assert len({spec["subnet"] for spec in specs}) == len(specs)


def test_a_freed_slot_is_not_at_once_somebody_elses(world: Simulation) -> None:
    first = launch()
    world.until_phase(first, Phase.READY)
    first.retire(by=None, at=world.at)
    world.until_phase(first, Phase.GONE)
    second = launch(at=world.at)
    world.until_phase(second, Phase.READY)
    assert len({machine.slot for machine in Machine.objects.all()}) == 2


@pytest.mark.parametrize(("services", "times"), [(1, 1), (2, 2)])
def test_who_was_allowed_less_or_more_gets_that(world: Simulation, services: int, times: int) -> None:
    greedy = many(3)
    Allowance.objects.create(person=greedy[0].owner, services=services)
    world.run_for(timedelta(seconds=20))
    assert admitted() == times


def test_memory_at_once_is_counted_until_the_machine_is_gone(world: Simulation) -> None:
    first, second = many(2)
    House.objects.create(memory_each_mib=2 * first.manifest.install_memory_mib - 1)
    world.until_phase(first, Phase.READY)
    world.run_for(timedelta(seconds=20))
    assert Deployment.objects.get(pk=second.pk).waits_for == "your-share-is-used"
    first.retire(by=None, at=world.at)
    world.until_phase(second, Phase.READY)
