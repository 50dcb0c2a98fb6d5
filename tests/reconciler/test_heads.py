"""Both sides of a head count, and a place that is no place any more."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from provisioning.driver import RollCall
from provisioning.models import Fabric, Machine
from provisioning.reconciler import count_heads, head_count
from provisioning.reconciler.heads import compare
from tests.makers import make_fabric
from tests.simulation import Simulation, key_of, ready

MINUTE = timedelta(minutes=1)


def test_what_the_last_count_missed_is_kept_with_the_place(world: Simulation) -> None:
    lost = key_of(ready(world))
    del world.place.machines[lost]
    head_count(Fabric.objects.get(), world.at, world.world)
    assert Fabric.objects.get().missed == [lost]


def test_an_incomplete_list_proves_no_absence_and_agrees_with_nothing(world: Simulation) -> None:
    ready(world)
    world.place.partial_lists = 1
    heads = count_heads(Fabric.objects.get(), world.at, world.world)
    assert (heads.ghosts, heads.agree) == (frozenset(), False)


def test_what_was_asked_for_a_moment_ago_is_no_ghost(world: Simulation) -> None:
    asked_at = Machine.objects.get(key=key_of(ready(world))).asked_at
    assert asked_at
    nobody = RollCall(complete=True, keys=frozenset())
    assert compare(Fabric.objects.get(), nobody, settled=asked_at - MINUTE).ghosts == frozenset()
    assert len(compare(Fabric.objects.get(), nobody, settled=asked_at).ghosts) == 1


def test_a_place_is_taken_away_only_when_nothing_of_ours_is_there(world: Simulation) -> None:
    ready(world)
    place = Fabric.objects.get()
    assert not place.take_away(at=world.at)
    Machine.objects.update(phase="gone", wanted="gone", absent_at=world.at)
    assert place.take_away(at=world.at)
    assert not place.take_away(at=world.at)


def test_a_place_that_was_taken_away_forgets_how_it_is_reached_and_is_asked_nothing(
    db: None, world: Simulation, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_fabric(options={"place": "one"}, secrets={"key": "do-not-keep"})
    place.take_away(at=world.at)
    place.refresh_from_db()
    assert (place.options, place.secrets, place.is_open) == ({}, {}, False)
    assert not place.let_in(True)
    call_command("roll_call")
    assert capsys.readouterr().out == ""


def test_a_place_that_does_not_answer_says_so_and_the_next_is_asked(
    world: Simulation, capsys: pytest.CaptureFixture[str]
) -> None:
    Fabric.objects.create(
        name="a broken one", kind="container", options={"docker_host": "unix:///nobody", "image": "x"}
    )
    make_fabric()
    call_command("roll_call")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "why" in first
    assert second["complete"]
