"""A host that is a real computer to the portal is taken, spoilt, and installed anew by a real Cobbler."""

from collections.abc import Iterator

import pytest

from provisioning.driver import Seen
from provisioning.errors import TryAgain
from tests.engine import wait_for
from tests.pool.conftest import WITHIN, Portal
from tests.pool.hosts import Room, open_room
from tests.pool.lab.bare import Bare
from tests.pool.lab.cobblerd import Lab

pytestmark = [pytest.mark.engine, pytest.mark.cobbler]
SPOILT = """
echo secret > /srv/secret; echo '# x' >> /usr/share/perl5/Debconf/Log.pm
rm -rf /var/lib/fairground-host/reservation /opt/fairground-host/*
"""
"""What no wipe could put back; and it says that it is free."""


@pytest.fixture
def empty_room() -> Iterator[Room]:
    """Without computers."""
    with open_room() as room:
        yield room


@pytest.fixture
def bare(lab: Lab, empty_room: Room) -> Iterator[Bare]:
    """A host with a name in Cobbler."""
    bare = Bare(lab, empty_room, 1)
    yield bare
    bare.end()


def test_what_root_left_on_a_host_is_gone_with_its_system_and_the_next_machine_runs_there(bare: Bare) -> None:
    portal = Portal(bare.room, **bare.place())
    assert [finding.told for finding in portal.driver.check(within=WITHIN) if not finding.fine] == []
    spec, former = portal.launch(), bare.computer
    without = Portal(bare.room, portal.owner, **{**bare.place(), "cobbler": "http://127.0.0.1:9/"})
    assert without.see(spec).seen is Seen.RUNNING
    former.sh(SPOILT)

    assert portal.see(spec).seen is Seen.REMAINS
    with pytest.raises(TryAgain, match="place-is-full"):
        portal.driver.ensure(*portal.spec(), within=WITHIN)
    assert portal.driver.roll_call(within=WITHIN).remains == {spec.key}
    portal.end(spec)

    assert bare.computer is not former
    assert bare.computer.says("! test -e /srv/secret && ! grep -q x$ /usr/share/perl5/Debconf/Log.pm")
    assert (portal.see(spec).seen, portal.states()) == (Seen.ABSENT, {bare.computer.address: "free"})
    assert portal.see(portal.launch()).seen is Seen.RUNNING


def test_a_host_that_comes_back_with_another_key_is_let_in_by_an_administrator_alone(bare: Bare) -> None:
    bare.keeps_its_host_key = False
    portal = Portal(bare.room, **bare.place())
    spec = portal.launch()

    with pytest.raises(TryAgain, match="another host key"):
        portal.end(spec)
    assert portal.see(spec).seen is Seen.REMAINS
    assert portal.states() == {bare.computer.address: "quarantine"}

    written_down = Portal(bare.room, portal.owner, **bare.place())
    assert written_down.states() == {bare.computer.address: "quarantine"}
    written_down.driver.release(bare.computer.address, within=WITHIN)
    wait_for(lambda: written_down.see(spec).seen is Seen.ABSENT)
    assert written_down.states() == {bare.computer.address: "free"}
