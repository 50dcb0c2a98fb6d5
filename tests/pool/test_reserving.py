"""One host, one machine: whoever asks, however many ask, and whatever dies in between."""

import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from provisioning.driver import Seen
from provisioning.errors import GiveUp, TryAgain
from provisioning.fabrics.pool import looks
from provisioning.fabrics.pool.host import Down, Host, Look
from provisioning.ssh import make_key_pair
from tests.engine import wait_for
from tests.pool.conftest import ONE, TEN, WITHIN, Portal, computer_of
from tests.pool.hosts import USER, Room

pytestmark = pytest.mark.engine


def test_of_twenty_who_ask_two_portals_at_once_for_the_last_two_hosts_two_get_one_each(room: Room) -> None:
    portals = [Portal(room), Portal(room)]
    told: list[str] = []

    def ask(portal: Portal) -> None:
        try:
            told.append(portal.driver.ensure(*portal.spec(), within=60).place_id)
        except TryAgain as stop:
            told.append(stop.code)

    askers = [threading.Thread(target=ask, args=(portals[number % 2],)) for number in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(90)

    assert Counter(told) == {"place-is-full": 18, **{computer.address: 1 for computer in room.computers}}


def test_workers_that_ask_for_the_same_machine_at_once_get_the_same_host(room: Room) -> None:
    workers = [Portal(room, owner="a" * 32) for _ in range(4)]
    spec, identity = workers[0].spec()

    def ask(worker: Portal) -> None:
        while True:
            try:
                worker.driver.ensure(spec, identity, within=WITHIN)
            except TryAgain:
                continue
            return

    askers = [threading.Thread(target=ask, args=(worker,)) for worker in workers]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(60)

    assert sorted(workers[0].states().values()) in (["free", "in use"], ["free", "reserved"])
    assert len({worker.see(spec).place_id for worker in workers}) == 1


def test_a_host_that_dies_between_claim_and_install_is_passed_by_and_keeps_nothing(room: Room, portal: Portal) -> None:
    spec, identity = portal.spec()
    dying = portal.driver.hosts_here[TEN]
    dying.change("host-claim", {"key": spec.key, "portal": portal.owner}, WITHIN)
    room.computers[TEN].silence()

    seen = Portal(room, owner=portal.owner).driver.ensure(spec, identity, within=WITHIN)
    room.computers[TEN].answer()
    again = portal.driver.ensure(spec, identity, within=WITHIN)

    assert seen.place_id == again.place_id == room.computers[ONE].address
    assert portal.states()[dying.name] == "free"


def test_of_two_hosts_that_were_let_in_for_a_machine_the_later_one_has_it(room: Room, portal: Portal) -> None:
    spec, identity = portal.spec()
    name, lost = {"key": spec.key, "portal": portal.owner}, portal.driver.hosts_here[ONE]
    lost.change("host-claim", {**name, "at": 1}, WITHIN)
    lost.change("host-confirm", {**name, "authorized_key": spec.authorized_key, "user": USER}, WITHIN)
    wait_for(lambda: "in use" in portal.states().values())
    room.computers[ONE].silence()  # and whoever did this is dead, before it could tell anybody
    Portal(room, owner=portal.owner).driver.ensure(spec, identity, within=WITHIN)
    room.computers[ONE].answer()

    assert portal.see(spec).place_id == room.computers[TEN].address
    portal.driver.ensure(spec, identity, within=WITHIN)

    wait_for(lambda: "wiping" not in portal.states().values())
    assert sorted(portal.states().values()) == ["free", "in use"]
    assert portal.see(spec).place_id == room.computers[TEN].address


def test_a_claim_that_nobody_confirms_lapses(room: Room, portal: Portal) -> None:
    spec, _ = portal.spec()
    portal.driver.hosts_here[ONE].change("host-claim", {"key": spec.key, "portal": portal.owner}, WITHIN)
    assert portal.see(spec).seen is Seen.STARTING

    room.computers[ONE].sh('sed -i \'s/"since": [0-9.]*/"since": 1000/\' /var/lib/fairground-host/reservation/*.json')

    assert portal.see(spec).seen is Seen.ABSENT
    assert set(portal.states().values()) == {"free"}


def test_a_host_that_is_down_keeps_its_machine_and_the_others_do_not_wait_for_it(
    room: Room, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = portal.launch(), portal.launch()
    down = computer_of(room, portal.see(first))
    other = portal.see(second).place_id
    down.silence()
    down.freeze()
    asked: list[str] = []
    real = Host.look

    def ask(host: Host, *given: Any) -> Look | Down:
        asked.append(host.name)
        return real(host, *given)

    monkeypatch.setattr(Host, "look", ask)

    assert portal.see(second).seen is Seen.RUNNING
    assert asked == [other]  # the one that is down is not even asked
    for look in (portal.driver.see, Portal(room, owner=portal.owner).driver.see, portal.driver.remove):
        with pytest.raises(TryAgain, match="place-away"):
            look(first.key, within=2)
    assert not portal.driver.roll_call(within=2).complete

    down.container.unpause()
    down.answer()
    assert portal.see(first).seen is Seen.RUNNING
    assert portal.driver.roll_call(within=WITHIN).keys == {first.key, second.key}


def test_one_silent_host_delays_neither_the_end_of_others_nor_who_finds_no_room(
    room: Room, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = portal.launch(), portal.launch()
    down = computer_of(room, portal.see(first))
    down.freeze()
    late = Portal(room, owner=portal.owner)  # knows of no silence yet
    monkeypatch.setattr(looks, "LATE", 1)
    began = time.monotonic()

    with pytest.raises(TryAgain, match="place-is-full"):
        late.driver.ensure(*portal.spec(), within=60)
    portal.end(second)
    assert Portal(room, owner=portal.owner).see(second).seen is Seen.ABSENT
    assert time.monotonic() - began < 60

    with pytest.raises(TryAgain, match="place-away"):
        late.driver.see(first.key, within=WITHIN)
    down.container.unpause()


def test_a_host_with_another_key_than_the_pinned_one_is_not_believed(room: Room) -> None:
    mine = Portal(room)
    spec = mine.launch()
    other = make_key_pair().public
    swapped = [computer.row(host_key=other) for computer in room.computers]
    portal = Portal(room, owner=mine.owner, hosts=swapped)

    for look in (portal.driver.see, portal.driver.remove):
        with pytest.raises(TryAgain, match="host-key-changed"):
            look(spec.key, within=WITHIN)
    assert set(portal.states().values()) == {"down"}
    assert all("another host key" in finding.told for finding in portal.driver.check(within=WITHIN))
    assert mine.see(spec).seen is Seen.RUNNING


def test_protected_hosts_are_never_touched(room: Room) -> None:
    before = [computer.ours() for computer in room.computers]
    portal = Portal(room, hosts=[computer.row(protected="yes") for computer in room.computers])

    with pytest.raises(TryAgain, match="place-is-full"):
        portal.driver.ensure(*portal.spec(), within=WITHIN)
    portal.driver.check(within=WITHIN)

    assert set(portal.states().values()) == {"protected"}
    assert [computer.ours() for computer in room.computers] == before


def test_a_machine_on_a_host_that_was_protected_later_is_seen_and_stays(room: Room) -> None:
    portal = Portal(room)
    spec = portal.launch()
    later = Portal(room, owner=portal.owner, hosts=[computer.row(protected="yes") for computer in room.computers])

    assert later.see(spec).seen is Seen.RUNNING
    with pytest.raises(TryAgain, match="host-is-protected"):
        later.driver.remove(spec.key, within=WITHIN)

    assert portal.see(spec).seen is Seen.RUNNING


def test_an_address_that_begins_another_one_is_not_the_other_one(room: Room, portal: Portal) -> None:
    one, ten = (computer.address for computer in room.computers)
    assert ten.startswith(one)
    for computer in room.computers:
        spoil(portal, computer.address, room)

    room.computers[ONE].sh("cp /run/debconf.kept /usr/share/perl5/Debconf/Log.pm")
    portal.driver.release(one, within=60)

    assert portal.states() == {one: "free", ten: "quarantine"}
    room.computers[TEN].sh("cp /run/debconf.kept /usr/share/perl5/Debconf/Log.pm; rm /run/debconf.kept")


def spoil(portal: Portal, address: str, room: Room) -> None:
    """Let a host's machine change what cannot be put back, and end."""
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    computer.sh("cp /usr/share/perl5/Debconf/Log.pm /run/debconf.kept; echo '# x' >> /usr/share/perl5/Debconf/Log.pm")
    with pytest.raises(TryAgain, match="host-in-quarantine"):
        portal.end(spec)


def test_a_machine_larger_than_any_host_is_refused_for_good_and_a_larger_host_is_found(room: Room) -> None:
    one, ten = room.computers
    portal = Portal(room, hosts=[one.row(memory_mib=128), ten.row(memory_mib=1024)])

    spec, identity = portal.spec(memory_mib=512)
    assert portal.driver.ensure(spec, identity, within=WITHIN).place_id == ten.address
    large, keys = portal.spec(memory_mib=2048)
    with pytest.raises(GiveUp, match="place-too-small"):
        portal.driver.ensure(large, keys, within=WITHIN)


def test_another_group_is_another_place(room: Room) -> None:
    one, ten = room.computers
    portal = Portal(room, hosts=[one.row(group="new"), ten.row()], groups=["new"])

    assert list(portal.states()) == [one.address]
    assert portal.see(replace(portal.spec()[0])).seen is Seen.ABSENT
