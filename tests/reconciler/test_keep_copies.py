"""Copies of services that run: one each night, and whenever somebody asks; none of them ever stands in the way of the last."""

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from provisioning.models import Allowance, Archive, Deployment, Entry, House, Machine
from provisioning.nights import last_night, next_night
from provisioning.phases import CopyKind, Happened, Phase
from provisioning.steps import copying
from tests.makers import NOON, launch, make_event
from tests.simulation import Simulation, key_of, ready

pytestmark = pytest.mark.thorough

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def kinds() -> list[str]:
    """Of the copies that are there, the oldest first."""
    return list(Archive.objects.filter(deleted_at=None).order_by("pk").values_list("kind", flat=True))


def ask(world: Simulation, deployment: Deployment) -> Archive:
    """Ask for a copy and wait for it."""
    world.at += MINUTE
    assert deployment.keep_copy(by=deployment.owner, at=world.at)
    world.run_until(lambda: not Machine.objects.filter(copy_asked_at__gt=world.at - HOUR, copied_at=None).exists())
    world.run_until(lambda: Archive.objects.filter(verified_at__gte=world.at - MINUTE).exists())
    return Archive.objects.filter(deployment=deployment).latest("pk")


def told(word: str) -> list[Any]:
    """What Entries about copies say under this word."""
    entries = Entry.objects.filter(happened=Happened.COPY).order_by("pk")
    return [entry.told[word] for entry in entries if word in entry.told]


def night_of(deployment: Deployment, world: Simulation) -> None:
    """Sleep until its next night, and let it pass."""
    world.sleep_until(next_night(key_of(deployment), deployment.event.tzinfo, world.at))
    world.run_for(10 * MINUTE)


def test_a_copy_is_made_when_somebody_asks_while_it_runs_on(world: Simulation) -> None:
    deployment = ready(world)
    copy = ask(world, deployment)
    assert (copy.kind, world.world.vault.verify(copy.name, copy.sha256, lambda: None)) == (CopyKind.ASKED, [])
    deployment.refresh_from_db()
    assert (deployment.phase, deployment.silent_since) == (Phase.READY, None)
    assert told("kept") == ["asked"]
    ghost = world.place.machines[key_of(deployment)]
    assert not [path for path in ghost.files if path.endswith(".tar.gz")]


def test_while_one_is_made_no_other_can_be_asked_for(world: Simulation) -> None:
    deployment = ready(world)
    world.place.job_looks = 10
    assert deployment.keep_copy(by=deployment.owner, at=world.at)
    world.tick()
    assert not deployment.keep_copy(by=deployment.owner, at=world.at + MINUTE)
    world.run_until(lambda: kinds() == ["asked"])
    assert deployment.keep_copy(by=deployment.owner, at=world.at + MINUTE)


def test_what_keeps_nothing_cannot_be_asked_for_a_copy_and_has_no_nights(world: Simulation) -> None:
    deployment = ready(world, stateless=True)
    assert not deployment.keep_copy(by=deployment.owner, at=world.at)
    night_of(deployment, world)
    assert kinds() == []


def test_each_night_has_its_copy_and_the_last_three_stay(world: Simulation) -> None:
    deployment = ready(world)
    for _ in range(5):
        night_of(deployment, world)
    assert kinds() == ["nightly"] * 3
    nights = [job for job in world.place.machines[key_of(deployment)].started if job.startswith("archive-nightly")]
    assert len(nights) == len(set(nights)) == 5
    gone = Archive.objects.exclude(deleted_at=None)
    assert [world.world.vault.size(copy.name) for copy in gone] == [0, 0]


def test_where_the_house_wants_none_no_night_has_a_copy(world: Simulation) -> None:
    House.objects.create(nightly_copies=0)
    night_of(ready(world), world)
    assert kinds() == []


def test_a_night_in_which_the_portal_was_off_is_made_up_for_once(world: Simulation) -> None:
    deployment = ready(world)
    world.sleep_until(world.at + 4 * DAY)
    world.skim(HOUR)
    assert kinds() == ["nightly"]
    assert deployment.machine().night_done_at == last_night(key_of(deployment), deployment.event.tzinfo, world.at)  # type: ignore[union-attr]


def test_a_copy_that_cannot_be_made_at_night_is_told_and_stops_nothing(world: Simulation) -> None:
    deployment = ready(world)
    world.place.failing_jobs["archive-nightly"] = 1
    night_of(deployment, world)
    machine = deployment.machine()
    assert machine
    assert (machine.phase, machine.copy_problem, machine.problem) == (Phase.READY, "copy-failed", "")
    assert (told("not_kept"), kinds()) == (["nightly"], [])
    world.place.failing_jobs.clear()
    night_of(deployment, world)
    machine.refresh_from_db()
    assert (machine.copy_problem, kinds()) == ("", ["nightly"])


def test_the_end_makes_its_own_copy_and_those_of_the_nights_make_way(world: Simulation) -> None:
    deployment = ready(world)
    night_of(deployment, world)
    asked = ask(world, deployment)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    world.run_for(2 * MINUTE)
    assert kinds() == ["asked", "end"]
    assert Archive.objects.get(kind=CopyKind.END).machine.settled == "archived"
    assert world.world.vault.size(asked.name) == asked.size


def test_when_its_machine_is_lost_the_copy_of_the_night_stays_for_as_long_as_any(world: Simulation) -> None:
    deployment = ready(world)
    night_of(deployment, world)
    world.place.destroy(key_of(deployment))
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    copy = Archive.objects.get()
    again = launch(make_event(deployment.owner, at=world.at), deployment.release, at=world.at, copy=copy)
    world.until_phase(again, Phase.READY)
    assert (again.name, kinds()[0]) == (deployment.name, "nightly")
    world.sleep_until(copy.delete_at - 7 * DAY)
    world.run_for(2 * MINUTE)
    assert told("copies")[:1] == [[copy.pk]]


def test_a_copy_of_a_night_of_a_service_that_runs_is_never_announced_nor_deleted_for_its_age(world: Simulation) -> None:
    deployment = ready(world)
    night_of(deployment, world)
    Archive.objects.update(delete_at=world.at - DAY)
    Machine.objects.update(night_done_at=world.at + 90 * DAY)
    world.run_for(10 * MINUTE)
    assert (told("copies"), kinds()) == ([], ["nightly"])


def test_of_those_that_a_person_asked_for_the_oldest_makes_way(world: Simulation) -> None:
    deployment = ready(world)
    Allowance.objects.create(person=deployment.owner, copies=2)
    copies = [ask(world, deployment) for _ in range(3)]
    world.run_for(2 * MINUTE)
    assert list(Archive.objects.filter(deleted_at=None).order_by("pk")) == copies[1:]
    assert told("gave_way") == [copies[0].pk]


def test_one_that_was_asked_for_before_the_house_wanted_none_is_kept(world: Simulation) -> None:
    deployment = ready(world)
    assert deployment.keep_copy(by=deployment.owner, at=world.at)
    House.objects.create(copies_each=0)
    world.run_until(lambda: told("kept") == ["asked"])
    assert Archive.objects.get().is_surplus is False


def test_those_that_a_person_asked_for_are_together_no_larger_than_allowed(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    first = ask(world, deployment)
    Archive.objects.filter(pk=first.pk).update(size=(1 << 20) - 10)
    Allowance.objects.create(person=deployment.owner, copies_mib=1)
    second = ask(world, deployment)
    assert list(Archive.objects.filter(is_surplus=False)) == [second]


def test_one_that_is_larger_than_all_may_be_is_refused_before_it_is_fetched(world: Simulation) -> None:
    deployment = ready(world)
    Allowance.objects.create(person=deployment.owner, copies_mib=0)
    assert deployment.keep_copy(by=deployment.owner, at=world.at)
    world.run_until(lambda: told("not_kept") == ["asked"])
    assert (kinds(), list(world.world.vault.folder.glob("*"))) == ([], [])  # type: ignore[attr-defined]
    assert deployment.machine().copy_problem == "copy-is-too-large"  # type: ignore[union-attr]


def test_one_of_a_night_that_has_outgrown_its_disk_is_not_fetched(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = ready(world)
    monkeypatch.setattr(copying, "LEAST_ROOM", 1)
    monkeypatch.setattr(copying, "AMPLE", 0)
    night_of(deployment, world)
    assert deployment.machine().copy_problem == "copy-outgrew-its-disk"  # type: ignore[union-attr]
    assert (kinds(), list(world.world.vault.folder.glob("*"))) == ([], [])  # type: ignore[attr-defined]


def test_a_copy_that_is_gone_from_the_machine_is_not_waited_for(world: Simulation) -> None:
    deployment = ready(world)
    note = json.dumps({"sha256": "0" * 64, "size": 10}).encode()
    assert deployment.keep_copy(by=deployment.owner, at=world.at)
    ghost = world.place.machines[key_of(deployment)]
    job = f"archive-asked-{world.at:%Y%m%dt%H%M%S}"
    ghost.jobs[job], ghost.codes[job] = 0, 0
    ghost.files[f"/var/lib/fairground/archives/{job}.json"] = note
    world.run_until(lambda: told("not_kept") == ["asked"])


def test_a_copy_of_an_end_can_never_be_surplus_even_by_a_bug(world: Simulation) -> None:
    deployment = ready(world)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Archive.objects.update(is_surplus=True)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_nights_are_between_two_and_five_where_the_event_is_one_each_day(zone: str) -> None:
    tz = ZoneInfo(zone)
    moments, at = [], NOON - 60 * DAY
    while at < NOON:
        at = next_night("0badcafe" * 4, tz, at)
        moments.append(at)
        assert last_night("0badcafe" * 4, tz, at) == at
    local = [moment.astimezone(tz) for moment in moments]
    assert len({moment.date() for moment in local}) == len(local) >= 60
    assert {2 <= moment.hour <= 5 for moment in local} == {True}
