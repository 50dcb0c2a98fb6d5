"""A host that is cut off talks with nobody but the portal, until it is let in again or is wiped."""

import pytest

from tests.engine import wait_for
from tests.pool.conftest import ONE, TEN, WITHIN, Portal, computer_of
from tests.pool.hosts import Computer, Room

pytestmark = pytest.mark.engine
WEB = 8000
LOOK_OF_CRON = "sed -n 's/^[*] [*] [*] [*] [*] root exec //p' /etc/cron.d/fairground-cut"


def is_shut(room: Room, computer: Computer) -> bool:
    """Neither its app nor the way out is open; and our own way in is, or nothing could be asked at all."""
    other = room.computers[TEN if computer is room.computers[ONE] else ONE]
    return not computer.lets_in(WEB) and not computer.gets_out(other.address)


def test_nothing_goes_in_or_out_but_our_own_way_in_until_it_is_wiped(room: Room, portal: Portal) -> None:
    spec = portal.launch()
    computer = computer_of(room, portal.see(spec))
    assert computer.lets_in(WEB)
    portal.driver.cut(spec.key, within=WITHIN)
    assert is_shut(room, computer)

    computer.sh("nft flush ruleset")
    computer.sh(f'sh -c "$({LOOK_OF_CRON})"')
    assert is_shut(room, computer)

    computer.container.restart(timeout=1)
    wait_for(computer.answers)
    assert not portal.see(spec).on_network
    assert not computer.lets_in(WEB)

    portal.end(spec)
    assert computer.says("! ls /etc/cron.d/fairground-cut && ! nft list table inet fairground_cut")
