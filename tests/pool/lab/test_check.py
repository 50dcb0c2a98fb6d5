"""What the check says of a Cobbler and its hosts, before anything is installed."""

from typing import Any

import pytest

from provisioning.driver import Secret
from provisioning.fabrics.pool.cobbler_check import cobbler_findings
from tests.pool.lab.box import Box, reimaging_of
from tests.pool.lab.cobblerd import Lab

pytestmark = [pytest.mark.thorough, pytest.mark.cobbler]


def told(box: Box, **changed: Any) -> list[tuple[str, str]]:
    """What is wrong: about what, and the sentence."""
    found = cobbler_findings(reimaging_of([box], box.lab.options(**changed)), 20)
    return [(finding.about, finding.told % finding.params) for finding in found if not finding.fine]


def test_a_cobbler_that_is_as_it_should_be_is_called_fine_and_nothing_is_changed(lab: Lab, box: Box) -> None:
    before = lab.admin.get_system(box.name)

    assert told(box) == []

    assert lab.admin.get_system(box.name) == before
    assert box.name not in dict(lab.switches.asked)


def test_a_wrong_password_and_a_missing_profile_are_told(box: Box) -> None:
    refused = "It does not do what we ask for (login failed (cobbler)). Look at its address, user and password."
    assert told(box, password=Secret("hunter-two")) == [("Cobbler", refused)]
    assert told(box, profile="nowhere") == [("Cobbler", "It has no profile “nowhere”.")]


def test_a_switch_that_does_not_answer_is_told(lab: Lab, box: Box) -> None:
    lab.switches.is_broken = True
    [(about, power)] = told(box)

    assert (about, "does not answer Cobbler" in power) == (box.address, True)


def test_each_host_is_told_what_cobbler_does_not_know_of_it(lab: Lab, box: Box) -> None:
    lab.admin.xapi_object_edit("system", box.name, "edit", {"power_type": ""}, lab.token)
    assert told(box) == [(box.address, "Cobbler knows no power switch for it.")]
    lab.admin.xapi_object_edit("system", box.name, "edit", {"power_type": "lab"}, lab.token)
    lab.admin.xapi_object_edit("system", box.name, "edit", {"netboot_enabled": True}, lab.token)
    assert [line for _, line in told(box)] == [
        "It would be installed at its next start: switch “netboot” off in Cobbler."
    ]
    address, box.address = box.address, "10.9.9.9"
    assert [line for _, line in told(box)] == [f"Cobbler's system “{box.name}” is not at 10.9.9.9."]
    box.address, name, box.name = address, box.name, "no-such"
    assert [line for _, line in told(box)] == ["Cobbler has no system of exactly the name “no-such”."]
    box.name = name
