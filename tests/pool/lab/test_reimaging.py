"""A host is free again only when it was installed anew; all else is quarantine. A real Cobbler, stand-ins for computers."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest

from provisioning.errors import NotYet, TryAgain
from provisioning.fabrics.pool.cobbler import Cobbler
from provisioning.fabrics.pool.host import Down, Look
from provisioning.fabrics.pool.marks import Stage, mark_of
from provisioning.fabrics.pool.reimage import Reimaging, as_shown
from tests.pool.lab.box import OTHER, PINNED, PORTAL, Box, reimaging_of
from tests.pool.lab.cobblerd import PROFILE
from tests.waiting import until

pytestmark = [pytest.mark.thorough, pytest.mark.cobbler]
KEY = "k" * 32
WITHIN = 20.0


def record_of(box: Box) -> dict[str, object]:
    """What Cobbler has on its disk."""
    found = Cobbler(box.lab.options()).systems(time.monotonic() + WITHIN)[box.name]
    return {"stage": mark_of(found).stage, "netboot": found.netboot, "profile": found.profile}


def take(box: Box) -> Reimaging:
    """A machine is let in."""
    worker = reimaging_of([box], box.lab.options())
    worker.take(worker.hosts[0], KEY, WITHIN)
    box.holds = (KEY, PORTAL)
    return worker


def remove(worker: Reimaging) -> bool:
    """One step."""
    return worker.remove(worker.hosts[0], KEY, WITHIN)


def quarantined(worker: Reimaging) -> str:
    """Remove it until it is in quarantine; why it is."""

    def why() -> str:
        try:
            remove(worker)
        except TryAgain as stop:
            return str(stop.params["found"]) if stop.code == "host-in-quarantine" else ""
        return ""

    return str(until("it is in quarantine", why))


def actions(box: Box) -> list[str]:
    """What its switch was asked for."""
    return [action for plug, action in box.lab.switches.asked if plug == box.name]


def look_of(worker: Reimaging) -> Look | Down:
    """What is believed of it."""
    host = worker.hosts[0]
    return worker.corrected({host: host.look(WITHIN)}, WITHIN)[host]


def test_it_is_marked_before_anybody_is_let_in_and_free_only_after_an_installation(box: Box) -> None:
    worker = take(box)
    assert record_of(box) == {"stage": "taken", "netboot": False, "profile": "other"}

    until("it is free", lambda: remove(worker))

    assert record_of(box) == {"stage": "", "netboot": False, "profile": PROFILE}
    assert (box.installed, box.is_on, box.holds) == (1, True, ("", ""))
    assert actions(box) == sorted(actions(box))  # off, then on, and never off again
    assert look_of(worker) == Look("free")
    assert box.lab.boots_from_disk(box.address)


def test_a_host_that_does_not_answer_any_more_is_installed_all_the_same(box: Box) -> None:
    worker = take(box)
    box.mood = "silent"
    assert isinstance(look_of(worker), Down)  # it keeps its machine
    assert worker.marked_for(KEY, WITHIN) is worker.hosts[0]

    until("it is free", lambda: remove(worker))

    assert (box.installed, box.holds) == (1, ("", ""))


def test_no_step_waits_for_what_it_asked_for(box: Box) -> None:
    box.mood = "hangs"
    worker, stages = take(box), []

    for _ in range(6):
        assert not remove(worker)
        stages.append(str(record_of(box)["stage"]))

    assert stages == sorted(stages, reverse=True)  # off, install
    assert box.is_on
    assert isinstance(look := look_of(worker), Look)
    assert (look.state, look.key, look.portal) == ("wiping", KEY, PORTAL)


@pytest.mark.parametrize(
    ("mood", "told"),
    [
        ("makes a new host key", "another host key"),
        ("hangs", "did not end in time"),
        ("starts from its disk", "did not end in time"),
        ("dead", "did not end in time"),
    ],
)
def test_what_goes_wrong_ends_in_quarantine_with_an_honest_word(box: Box, mood: str, told: str) -> None:
    box.mood = mood
    worker = take(box)
    while record_of(box)["stage"] != Stage.INSTALL:
        remove(worker)
    box.word = "of an earlier installation"
    if mood != "makes a new host key":
        worker.clock = lambda: time.time() + timedelta(hours=1).total_seconds()

    assert told in quarantined(worker)

    assert record_of(box) == {"stage": "failed", "netboot": False, "profile": PROFILE}
    assert quarantined(worker)  # and stays
    shown = as_shown(worker.hosts[0], look_of(worker))
    assert (shown.state, shown.key, told in shown.told) == ("quarantine", KEY, True)


def test_a_switch_that_does_not_work_ends_in_quarantine_and_nothing_was_told_to_install(box: Box) -> None:
    worker = take(box)
    box.mood = "cannot be switched off"
    for _ in range(3):
        assert not remove(worker)

    worker.clock = lambda: time.time() + timedelta(hours=2).total_seconds()

    assert "could not switch it off" in quarantined(worker)
    assert record_of(box) == {"stage": "failed", "netboot": False, "profile": "other"}


def test_the_former_system_that_comes_up_again_is_not_taken_for_a_new_one(box: Box) -> None:
    worker = take(box)
    while record_of(box)["stage"] != Stage.INSTALL:
        remove(worker)
    box.mood = "starts from its disk"
    with suppress(Exception):
        box.lab.admin.disable_netboot(box.name)  # somebody calls home in its name

    assert "another system" in quarantined(worker)
    assert box.installed == 0


def test_an_administrator_lets_it_out_when_it_is_right_and_else_it_is_installed_once_more(box: Box) -> None:
    box.mood = "makes a new host key"
    worker = take(box)
    quarantined(worker)

    with pytest.raises(NotYet):
        worker.release(worker.hosts[0], WITHIN)
    assert record_of(box)["stage"] == Stage.OFF
    quarantined(worker)
    assert box.host_key == OTHER
    box.host_key = PINNED  # as if the new one were written down

    assert worker.release(worker.hosts[0], WITHIN)
    assert record_of(box) == {"stage": "", "netboot": False, "profile": PROFILE}


def test_a_host_that_says_it_is_free_is_not_believed_while_cobbler_says_otherwise(box: Box) -> None:
    worker = take(box)
    box.holds = ("", "")  # whoever is root there can make it say so

    assert isinstance(look := look_of(worker), Look)
    assert (look.state, look.key) == ("wiping", KEY)
    other = reimaging_of([box], box.lab.options(), "q" * 32)
    with pytest.raises(TryAgain, match="it is marked: taken"):
        other.take(other.hosts[0], "l" * 32, WITHIN)
    until("it is free", lambda: remove(worker))
    assert box.installed == 1


def test_a_host_on_which_another_machine_is_is_not_installed_over_it(box: Box) -> None:
    worker = take(box)
    box.holds = ("l" * 32, PORTAL)

    assert "another machine" in quarantined(worker)
    assert (actions(box), box.installed) == ([], 0)


def test_without_cobbler_a_free_host_is_given_to_nobody_and_one_in_use_stays(box: Box) -> None:
    worker = take(box)
    worker.cobbler = Cobbler(box.lab.options(url="http://127.0.0.1:9/"))

    assert look_of(worker) == Look("in use", KEY, PORTAL)
    box.holds = ("", "")
    assert isinstance(look_of(worker), Down)


def test_a_record_at_another_address_is_another_computer(box: Box) -> None:
    number = box.address.rpartition(".")[2]
    box.address = f"10.9.0.{number}0"
    worker = reimaging_of([box], box.lab.options())

    with pytest.raises(TryAgain, match="is not at"):
        worker.take(worker.hosts[0], KEY, WITHIN)
    assert isinstance(look_of(worker), Down)


def test_what_others_keep_in_the_record_stays(box: Box) -> None:
    box.lab.admin.xapi_object_edit("system", box.name, "edit", {"autoinstall_meta": {"tree": "there"}}, box.lab.token)
    worker = take(box)
    script = str(box.lab.admin.get_system_as_rendered(box.name)["autoinstall_meta"])

    assert "there" in script
    until("it is free", lambda: remove(worker))
    meta = box.lab.admin.get_system(box.name)["autoinstall_meta"]
    assert meta == {"tree": "there"}


class Killed(BaseException):
    """kill -9."""


class Mortal(Cobbler):
    """A line whose worker dies at its first change: before it is sent, or when it has come about."""

    is_sent = False

    def ask(self, method: str, given: tuple[object, ...], until: float) -> object:
        dies = method in ("xapi_object_edit", "background_power_system")
        if dies and not self.is_sent:
            raise Killed
        said = super().ask(method, given, until)
        if dies:
            raise Killed
        return said


def test_a_worker_may_be_killed_before_and_behind_every_change(box: Box) -> None:
    deaths, is_over = 0, False
    while not is_over:
        worker = reimaging_of([box], box.lab.options())
        worker.cobbler = mortal = Mortal(box.lab.options())
        mortal.is_sent = deaths % 2 == 1
        try:
            if deaths < 2:
                worker.take(worker.hosts[0], KEY, WITHIN)
            is_over = worker.marked_for(KEY, WITHIN) is None or remove(worker)
        except Killed:
            deaths += 1
            box.holds = (KEY, PORTAL) if deaths == 2 else box.holds

    assert record_of(box) == {"stage": "", "netboot": False, "profile": PROFILE}
    assert (box.installed, box.holds, box.is_on) == (1, ("", ""), True)
    assert deaths >= 12  # taken; off, and its power; install, and its power; nobody's
