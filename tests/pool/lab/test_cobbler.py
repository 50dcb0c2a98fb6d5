"""The line to Cobbler, with a real one at its other end."""

import time

import pytest

from provisioning.driver import Secret
from provisioning.errors import TryAgain
from provisioning.fabrics.pool.cobbler import Cobbler
from tests.pool.lab.box import Box
from tests.pool.lab.cobblerd import PROFILE, Lab
from tests.waiting import until

pytestmark = [pytest.mark.thorough, pytest.mark.cobbler]


def soon(seconds: float = 10) -> float:
    """A moment until which to wait."""
    return time.monotonic() + seconds


def test_it_lets_us_in_and_says_what_it_has(lab: Lab) -> None:
    cobbler = Cobbler(lab.options())

    assert cobbler.version(soon()).startswith("3.")
    assert {PROFILE, "other"} <= cobbler.profiles(soon())


def test_a_wrong_password_is_told_and_never_repeated(lab: Lab) -> None:
    with pytest.raises(TryAgain) as stop:
        Cobbler(lab.options(password=Secret("hunter-two"))).version(soon())

    assert "login failed" in str(stop.value)
    assert "hunter-two" not in str(stop.value) + lab.log()


def test_a_token_that_is_not_known_any_more_is_renewed_and_never_told(lab: Lab, box: Box) -> None:
    cobbler = Cobbler(lab.options())
    cobbler.version(soon())
    cobbler.token = stale = cobbler.token[::-1]

    assert cobbler.is_on(box.name, soon())
    with pytest.raises(TryAgain) as stop:
        cobbler.ask("get_user_from_token", (stale,), soon())
    assert stale in str(stop.value)
    cobbler.token = stale
    with pytest.raises(TryAgain) as stop:
        cobbler.ask("get_user_from_token", (stale,), soon())
    assert stale not in str(stop.value)


def test_a_name_or_address_that_begins_another_one_is_not_the_other_one(lab: Lab) -> None:
    lab.add_system("pc-1", "10.8.0.1")
    lab.add_system("pc-10", "10.8.0.10")

    systems = Cobbler(lab.options()).systems(soon())

    assert systems["pc-1"].is_at("10.8.0.1")
    assert not systems["pc-10"].is_at("10.8.0.1")
    assert not systems["pc-1"].is_at("10.8.0.10")
    assert "pc-*" not in systems
    for name in ("pc-1", "pc-10"):
        lab.remove_system(name)


def test_passwords_of_power_switches_that_cobbler_tells_anybody_are_not_kept(lab: Lab, box: Box) -> None:
    assert "switchpassword" in str(lab.admin.get_systems())  # without any login
    assert "switchpassword" not in str(Cobbler(lab.options()).systems(soon()))


def test_what_was_changed_is_there_after_cobbler_has_died_and_other_entries_stay(lab: Lab, box: Box) -> None:
    cobbler = Cobbler(lab.options())
    system = cobbler.systems(soon())[box.name]
    cobbler.edit(
        system, soon(), profile=PROFILE, netboot_enabled=True, autoinstall_meta={"fairground_word": "w", "x": "y"}
    )

    lab.stop()
    with pytest.raises(TryAgain, match="place-away"):
        cobbler.systems(soon())
    lab.start()

    system = cobbler.systems(soon())[box.name]
    assert (system.profile, system.netboot, dict(system.meta)) == (PROFILE, True, {"fairground_word": "w", "x": "y"})
    assert not lab.boots_from_disk(box.address)
    cobbler.edit(system, soon(), netboot_enabled=False)  # with a token of the one that died
    assert lab.boots_from_disk(box.address)


def test_power_is_switched_without_waiting_for_it(lab: Lab, box: Box) -> None:
    cobbler = Cobbler(lab.options())

    cobbler.power(box.name, "off", soon())
    until("it is off", lambda: not cobbler.is_on(box.name, soon()))
    cobbler.power(box.name, "on", soon())
    until("it is on", lambda: cobbler.is_on(box.name, soon()))

    assert [action for plug, action in lab.switches.asked if plug == box.name] == ["off", "on"]
