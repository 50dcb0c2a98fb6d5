"""What every fabric must do, whatever its machines are made of."""

import importlib.util
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paramiko
import pytest

from provisioning.driver import Cuttable, Endpoint, Identity, MachineSpec, OwnWire, RollCall, Seen, Sighting
from provisioning.errors import Blame, GiveUp, TryAgain
from provisioning.fabrics import kinds
from tests.conformance.conftest import rig_name
from tests.conformance.rig import Rig
from tests.engine import T, wait_for

pytestmark = pytest.mark.thorough

WITHIN = 20.0


def launch(rig: Rig) -> tuple[MachineSpec, Identity]:
    """A machine that runs."""
    spec, identity = rig.spec()
    rig.driver.ensure(spec, identity, within=WITHIN)
    await_seen(rig, spec.key, Seen.RUNNING)
    return spec, identity


def answer(rig: Rig, verb: Callable[..., T], *given: Any) -> T:
    """Ask, as the reconciler does, until the place can answer: after a lost reply it may be slow to come back."""

    def answered() -> list[T]:
        with suppress(TryAgain):
            return [verb(*given, within=WITHIN)]
        return []

    return wait_for(answered, patience=rig.patience)[0]


def await_seen(rig: Rig, key: str, seen: Seen) -> Sighting:
    """Look until the fabric says so."""

    def look() -> Sighting | None:
        sighting = answer(rig, rig.driver.see, key)
        return sighting if sighting.seen is seen else None

    return wait_for(look, patience=rig.patience)


def await_gone(rig: Rig, key: str) -> None:
    """Ask for removal, as the reconciler does, until the fabric says that it is gone."""
    wait_for(lambda: answer(rig, rig.driver.remove, key).seen is Seen.ABSENT, patience=rig.patience)


def roll_call(rig: Rig) -> RollCall:
    """A whole one."""

    def whole() -> RollCall | None:
        roll = answer(rig, rig.driver.roll_call)
        return roll if roll.complete else None

    return wait_for(whole, patience=rig.patience)


def test_every_kind_of_place_has_a_rig() -> None:
    assert [kind for kind in kinds() if not importlib.util.find_spec(rig_name(kind))] == []


def test_a_machine_that_was_never_asked_for_is_absent(rig: Rig) -> None:
    assert rig.driver.see("0" * 32, within=WITHIN).seen is Seen.ABSENT


def test_ensure_makes_a_machine_with_the_ports_it_was_told(rig: Rig) -> None:
    spec, _ = launch(rig)

    sighting = rig.driver.see(spec.key, within=WITHIN)

    assert sighting.place_id
    assert sighting.ssh
    takes_ports = rig.driver.capabilities.takes_ports
    assert {name: endpoint.port for name, endpoint in sighting.ports.items()} == {
        port.name: port.outer if takes_ports else port.number for port in spec.ports
    }


def test_ensure_twice_makes_one_machine(rig: Rig) -> None:
    spec, identity = launch(rig)
    first = rig.driver.see(spec.key, within=WITHIN)

    second = rig.driver.ensure(spec, identity, within=WITHIN)

    assert rig.machines(spec.key) == 1
    assert second.place_id == first.place_id


def test_four_at_the_same_moment_make_one_machine(rig: Rig) -> None:
    spec, identity = rig.spec()

    def ask() -> None:
        while True:
            try:
                rig.driver.ensure(spec, identity, within=WITHIN)
            except TryAgain:
                continue
            return

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(WITHIN)

    await_seen(rig, spec.key, Seen.RUNNING)
    assert rig.machines(spec.key) == 1


def test_a_lost_reply_does_not_make_a_second_machine(rig: Rig) -> None:
    for nth in range(1, rig.effects_of_ensure + 1):
        spec, identity = rig.spec()
        rig.lose_reply(nth)

        with pytest.raises(TryAgain) as told:
            rig.driver.ensure(spec, identity, within=WITHIN)
        answer(rig, rig.driver.ensure, spec, identity)

        assert told.value.blame is Blame.FABRIC
        await_seen(rig, spec.key, Seen.RUNNING)
        assert rig.machines(spec.key) == 1


def test_a_request_that_never_arrived_is_made_up_for(rig: Rig) -> None:
    for nth in range(1, rig.effects_of_ensure + 1):
        spec, identity = rig.spec()
        rig.lose_request(nth)

        with pytest.raises(TryAgain):
            rig.driver.ensure(spec, identity, within=WITHIN)
        answer(rig, rig.driver.ensure, spec, identity)

        await_seen(rig, spec.key, Seen.RUNNING)
        assert rig.machines(spec.key) == 1


def test_whatever_an_ensure_left_half_made_can_be_removed(rig: Rig) -> None:
    for nth in range(1, rig.effects_of_ensure + 1):
        spec, identity = rig.spec()
        rig.lose_reply(nth)
        with pytest.raises(TryAgain):
            rig.driver.ensure(spec, identity, within=WITHIN)

        assert spec.key in roll_call(rig).keys
        await_gone(rig, spec.key)

        assert rig.machines(spec.key) == 0
        assert spec.key not in roll_call(rig).keys


def test_remove_of_nothing_is_silent(rig: Rig) -> None:
    assert rig.driver.remove("0" * 32, within=WITHIN).seen is Seen.ABSENT


def test_a_removed_machine_is_absent_and_leaves_the_roll(rig: Rig) -> None:
    spec, _ = launch(rig)

    await_gone(rig, spec.key)

    assert rig.driver.see(spec.key, within=WITHIN).seen is Seen.ABSENT
    assert spec.key not in rig.driver.roll_call(within=WITHIN).keys
    assert rig.machines(spec.key) == 0


def test_a_removal_whose_reply_was_lost_is_finished_by_the_next(rig: Rig) -> None:
    for nth in range(1, rig.effects_of_remove + 1):
        spec, _ = launch(rig)
        rig.lose_reply(nth)

        with pytest.raises(TryAgain):
            rig.driver.remove(spec.key, within=WITHIN)
        await_gone(rig, spec.key)

        assert rig.machines(spec.key) == 0


def test_a_machine_that_stopped_is_seen_and_started_again(rig: Rig) -> None:
    if not rig.driver.capabilities.tells_stopped:
        pytest.skip("a machine of this place that is down cannot be told from one that is out of reach")
    spec, identity = launch(rig)
    before = rig.driver.see(spec.key, within=WITHIN)
    rig.stop(spec.key)
    await_seen(rig, spec.key, Seen.STOPPED)

    rig.driver.ensure(spec, identity, within=WITHIN)

    assert await_seen(rig, spec.key, Seen.RUNNING).place_id == before.place_id
    assert rig.machines(spec.key) == 1


def test_the_roll_lists_stopped_machines_too(rig: Rig) -> None:
    if not rig.driver.capabilities.tells_stopped:
        pytest.skip("a machine of this place that is down cannot be told from one that is out of reach")
    running, stopped = launch(rig)[0].key, launch(rig)[0].key
    rig.stop(stopped)
    await_seen(rig, stopped, Seen.STOPPED)

    roll = rig.driver.roll_call(within=WITHIN)

    assert roll.complete
    assert {running, stopped} <= roll.keys


def test_a_machine_that_was_removed_from_outside_is_absent(rig: Rig) -> None:
    spec, _ = launch(rig)

    rig.destroy(spec.key)

    await_seen(rig, spec.key, Seen.ABSENT)


def test_a_machine_of_another_owner_is_never_touched(rig: Rig) -> None:
    spec, identity = rig.spec()
    rig.plant_foreign(spec.key)

    with pytest.raises(GiveUp, match="machine-is-not-ours"):
        rig.driver.ensure(spec, identity, within=WITHIN)

    assert rig.driver.remove(spec.key, within=WITHIN).seen is Seen.ABSENT
    assert rig.driver.see(spec.key, within=WITHIN).seen is Seen.ABSENT
    assert spec.key not in rig.driver.roll_call(within=WITHIN).keys
    assert rig.machines(spec.key) == 1


def test_a_machine_that_was_cut_off_lets_nothing_in_until_it_is_ensured_again(rig: Rig) -> None:
    if not isinstance(rig.driver, Cuttable):
        pytest.skip("this kind of place cannot cut a machine off")
    spec, identity = launch(rig)
    before = rig.driver.see(spec.key, within=WITHIN)
    assert before.on_network
    for _ in range(2):  # the second time is silent
        rig.driver.cut(spec.key, within=WITHIN)
    cut = rig.driver.see(spec.key, within=WITHIN)
    assert (cut.seen, cut.place_id, cut.on_network) == (Seen.RUNNING, before.place_id, False)
    assert not rig.reaches(spec)

    rig.driver.ensure(spec, identity, within=WITHIN)

    wait_for(lambda: rig.reaches(spec), patience=rig.patience)
    assert rig.driver.see(spec.key, within=WITHIN) == before


def test_what_is_not_there_or_not_ours_is_not_cut_off(rig: Rig) -> None:
    if not isinstance(rig.driver, Cuttable):
        pytest.skip("this kind of place cannot cut a machine off")
    rig.driver.cut("0" * 32, within=WITHIN)
    spec, _ = rig.spec()
    rig.plant_foreign(spec.key)

    rig.driver.cut(spec.key, within=WITHIN)

    assert rig.machines(spec.key) == 1


def test_a_place_that_does_not_answer_is_left_in_time(rig: Rig) -> None:
    spec, identity = rig.spec()
    began = time.monotonic()

    with rig.paused():
        for ask in (rig.driver.see, rig.driver.remove):
            with pytest.raises(TryAgain, match="place-away"):
                ask(spec.key, within=0.5)
        with pytest.raises(TryAgain, match="place-away"):
            rig.driver.ensure(spec, identity, within=0.5)

    assert time.monotonic() - began < 30
    await_gone(rig, spec.key)


def test_a_place_where_nobody_listens_is_the_places_fault(rig: Rig) -> None:
    with rig.away(), pytest.raises(TryAgain, match="place-away") as told:
        rig.driver.roll_call(within=WITHIN)

    assert told.value.blame is Blame.FABRIC
    assert roll_call(rig).complete


def test_a_machine_gets_no_more_memory_than_its_size_says(rig: Rig) -> None:
    spec, _ = launch(rig)  # what the place can do is known once it has answered
    if not rig.driver.capabilities.enforces_memory:
        pytest.skip("this place declares that it does not limit memory")

    assert rig.survives_memory(spec.key, spec.size.memory_mib // 2)
    assert not rig.survives_memory(spec.key, spec.size.memory_mib * 2)


def test_the_machine_answers_with_the_host_key_it_was_given(rig: Rig) -> None:
    if isinstance(rig.driver, OwnWire):
        pytest.skip("machines of this kind are not reached over SSH")
    spec, _ = launch(rig)
    sighting = rig.driver.see(spec.key, within=WITHIN)
    endpoint = sighting.ssh
    assert endpoint
    told = spec.host_public_key if rig.driver.capabilities.takes_host_key else sighting.host_key
    if not told:
        pytest.skip("machines of this kind declare that they have host keys of their own, and tell them to the portal")

    key = wait_for(lambda: host_key(endpoint), patience=rig.patience)

    assert f"{key.get_name()} {key.get_base64()}" == " ".join(told.split()[:2])


def host_key(endpoint: Endpoint) -> paramiko.PKey | None:
    """What the far side shows; None while nobody is there."""
    try:
        with paramiko.Transport((endpoint.host, endpoint.port)) as transport:
            transport.start_client(timeout=30)
            return transport.get_remote_server_key()
    except (OSError, EOFError, paramiko.SSHException):
        return None
