"""A kept copy is put up again: at the same address, on a new machine, from what was kept."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from provisioning.models import Archive, Deployment, House
from provisioning.phases import Phase
from provisioning.reconciler import keep
from provisioning.steps.machine import restore
from tests.makers import launch, make_event, make_person
from tests.simulation import Simulation, key_of, phases_of, ready


def ended(world: Simulation) -> Archive:
    """A service that people used, and that is gone."""
    deployment = ready(world)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    return Archive.objects.get(deployment=deployment, kind="end")


def again(world: Simulation, copy: Archive, **columns: object) -> Deployment:
    """Press "Put up again"."""
    event = make_event(copy.deployment.owner, at=world.at)
    return launch(event, copy.deployment.release, at=world.at, copy=copy, **columns)


def test_it_has_its_address_and_its_content_back_on_a_new_machine(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "SLICE", 100)
    copy = ended(world)
    deployment = again(world, copy)
    world.until_phase(deployment, Phase.READY)
    ghost = world.place.machines[key_of(deployment)]
    parts = sorted(path for path in ghost.files if "/restores/" in path)
    assert deployment.name == copy.deployment.name
    assert len(parts) == -(-copy.size // 100)
    assert b"".join(ghost.files[path] for path in parts) == world.world.vault.read(copy.name, 0, copy.size)
    assert [name for name in ghost.started if name.startswith("restore")] == [f"restore-1-{copy.sha256[:12]}"]
    assert ghost.started.index(f"restore-1-{copy.sha256[:12]}") < next(
        place for place, name in enumerate(ghost.started) if name.startswith("configure")
    )


def test_its_own_end_leaves_a_copy_of_its_own(world: Simulation) -> None:
    deployment = again(world, ended(world))
    world.until_phase(deployment, Phase.READY)
    deployment.retire(by=None, at=world.at)
    world.until_phase(deployment, Phase.GONE)
    assert Archive.objects.filter(deleted_at=None).count() == 2


def test_a_copy_is_kept_for_as_long_as_the_house_has_decided(world: Simulation) -> None:
    House.objects.create(copies_kept_days=3)
    copy = ended(world)
    assert copy.delete_at - copy.verified_at == timedelta(days=3)


def test_an_address_that_is_in_use_is_not_given_twice(world: Simulation) -> None:
    copy = ended(world)
    first, second = again(world, copy), again(world, copy)
    assert first.name == copy.deployment.name
    assert second.name != first.name
    with pytest.raises(IntegrityError):
        Deployment.objects.filter(pk=second.pk).update(name=first.name)


def test_an_address_is_never_given_to_another_owner(world: Simulation) -> None:
    copy = ended(world)
    others = launch(make_event(make_person("other")), copy.deployment.release, at=world.at, copy=copy)
    assert others.name != copy.deployment.name


def test_a_copy_that_is_gone_fails_the_launch_and_says_so(world: Simulation) -> None:
    copy = ended(world)
    world.world.vault.drop(copy.name)
    deployment = again(world, copy)
    world.until_phase(deployment, Phase.FAILED)
    machine = deployment.machine()
    assert machine
    assert machine.problem == "copy-is-not-there"
    assert "ready" not in phases_of(deployment)


def test_a_copy_that_is_being_put_up_again_is_not_deleted(world: Simulation) -> None:
    copy = ended(world)
    deployment = again(world, copy)
    late = copy.delete_at + timedelta(days=1)
    keep(copy.delete_at - timedelta(days=7), world.world)
    keep(late, world.world)
    copy.refresh_from_db()
    assert copy.deleted_at is None
    Deployment.objects.filter(pk=deployment.pk).update(ready_at=late)
    keep(late, world.world)
    copy.refresh_from_db()
    assert copy.deleted_at == late
