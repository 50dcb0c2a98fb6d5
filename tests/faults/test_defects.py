"""The list of seeded defects cannot rot: each still applies, and its test is still there."""

import os
from collections import Counter

import pytest

from tests.faults.defect import Defect
from tests.faults.defects import main
from tests.faults.seeded import DEFECTS


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_still_applies_and_names_a_test(defect: Defect) -> None:
    assert not defect.trouble()
    assert defect.old != defect.new


def test_every_defect_has_a_name_of_its_own() -> None:
    assert max(Counter(defect.name for defect in DEFECTS).values()) == 1


@pytest.mark.timeout(3000)
@pytest.mark.skipif("DEFECTS" not in os.environ, reason="minutes; DEFECTS=1 plays them all")
def test_every_defect_turns_its_test_red() -> None:
    assert main([]) == 0
