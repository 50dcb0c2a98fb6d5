"""Kept copies whose time is over: first their people are reminded, then they are deleted."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings

from portal.models import User
from provisioning.models import Admission, Archive, Entry, Event
from provisioning.phases import Happened, Phase
from provisioning.reconciler import keep
from provisioning.reconciler.copies import delete_old_copies
from tests.makers import launch, make_event, make_person
from tests.simulation import Simulation

pytestmark = pytest.mark.thorough

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def kept(world: Simulation, event: Event | None = None) -> Archive:
    """A copy of a service that is gone."""
    deployment = launch(event or make_event(at=world.at), at=world.at)
    world.until_phase(deployment, Phase.READY)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    return Archive.objects.get(deployment=deployment, kind="end")


def reminders(at: datetime, world: Simulation) -> list[Entry]:
    """Do the housekeeping of that moment; return all reminders."""
    keep(at, world.world)
    return list(Entry.objects.filter(happened=Happened.COPY, cause__contains=":reminder:").order_by("pk"))


def is_deleted(copy: Archive) -> bool:
    copy.refresh_from_db()
    return copy.deleted_at is not None


def test_a_copy_is_announced_a_week_before_it_is_deleted_and_once(world: Simulation) -> None:
    copy = kept(world)
    end = copy.delete_at
    assert reminders(end - 7 * DAY - MINUTE, world) == []
    (entry,) = reminders(end - 7 * DAY, world)
    assert (entry.deployment_id, entry.told["until"]) == (copy.deployment_id, end.isoformat())
    assert len(reminders(end - DAY, world)) == 1
    assert not is_deleted(copy)
    keep(end, world.world)
    assert is_deleted(copy)
    assert world.world.vault.size(copy.name) == 0


def test_a_reminder_that_is_a_minute_late_moves_no_end(world: Simulation) -> None:
    copy = kept(world)
    end = copy.delete_at
    reminders(end - 7 * DAY + MINUTE, world)
    keep(end, world.world)
    assert is_deleted(copy)


def test_an_outage_delays_the_deletion_and_skips_no_reminder(world: Simulation) -> None:
    copy = kept(world)
    back = copy.delete_at + 3 * DAY
    (entry,) = reminders(back, world)
    assert not is_deleted(copy)
    assert copy.delete_at == datetime.fromisoformat(entry.told["until"]) == back + 7 * DAY
    keep(back + 7 * DAY - MINUTE, world.world)
    assert not is_deleted(copy)
    keep(back + 7 * DAY, world.world)
    assert is_deleted(copy)


def test_a_copy_whose_reminder_could_not_be_written_is_not_deleted(world: Simulation) -> None:
    copy = kept(world)
    delete_old_copies(copy.delete_at + DAY, world.world)
    assert not is_deleted(copy)


def test_an_end_that_is_moved_nearer_after_the_reminder_deletes_nothing_sooner(world: Simulation) -> None:
    copy = kept(world)
    end = copy.delete_at
    reminders(end - 7 * DAY, world)
    Archive.objects.update(delete_at=end - 6 * DAY)
    keep(end - 5 * DAY, world.world)
    assert not is_deleted(copy)


def test_a_copy_of_a_short_life_is_announced_when_half_of_it_is_left(world: Simulation) -> None:
    copy = kept(world)
    Archive.objects.update(delete_at=copy.verified_at + 2 * DAY)
    assert reminders(copy.verified_at + 23 * HOUR, world) == []
    assert len(reminders(copy.verified_at + 24 * HOUR, world)) == 1
    keep(copy.verified_at + 2 * DAY, world.world)
    assert is_deleted(copy)


def test_copies_of_one_event_are_announced_together_and_those_of_another_apart(world: Simulation) -> None:
    event = make_event(at=world.at)
    first, second, other = kept(world, event), kept(world, event), kept(world)
    assert first.delete_at < second.delete_at < other.delete_at
    told = [entry.told["copies"] for entry in reminders(first.delete_at - 7 * DAY, world)]
    assert told == [[first.pk, second.pk], [first.pk, second.pk]]
    told = [entry.told["copies"] for entry in reminders(other.delete_at - 7 * DAY, world)]
    assert told[2:] == [[other.pk]]


def test_in_quarantine_no_copy_is_announced_or_deleted(world: Simulation) -> None:
    copy = kept(world)
    Admission.objects.update(quarantined=True)
    assert reminders(copy.delete_at - DAY, world) == []
    assert reminders(copy.delete_at + settings.COPIES_KEPT, world) == []
    assert not is_deleted(copy)


def test_the_copy_of_somebody_who_has_left_is_deleted_at_its_end_without_a_reminder(world: Simulation) -> None:
    copy = kept(world)
    User.objects.update(deleted_at=world.at)
    assert reminders(copy.delete_at, world) == []
    assert is_deleted(copy)


def test_while_anybody_is_left_whose_copy_it_is_it_is_announced(world: Simulation) -> None:
    copy = kept(world)
    type(copy.deployment).objects.update(owner=make_person("guest"))
    User.objects.filter(pk=copy.deployment.event.owner_id).update(deleted_at=world.at)
    assert len(reminders(copy.delete_at, world)) == 1
    assert not is_deleted(copy)


def test_a_deletion_is_noted_once(world: Simulation) -> None:
    copy = kept(world)
    end = copy.delete_at
    for at in (end - 7 * DAY, end, end + MINUTE):
        keep(at, world.world)
    (entry,) = Entry.objects.filter(cause__contains=":deleted:")
    assert (entry.deployment_id, entry.at, entry.told) == (copy.deployment_id, end, {"deleted": copy.pk})
