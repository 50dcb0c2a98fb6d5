"""The list of seeded defects cannot rot: each still applies, and its test is still there."""

import os

import pytest

from tests.faults.defects import DEFECTS, ROOT, Defect, main


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_still_applies_and_names_a_test(defect: Defect) -> None:
    assert (ROOT / defect.file).read_text().count(defect.old) == 1
    module, _, name = defect.node.partition("::")
    assert f"def {name}(" in (ROOT / module).read_text()


@pytest.mark.timeout(3000)
@pytest.mark.skipif("DEFECTS" not in os.environ, reason="minutes; DEFECTS=1 plays them all")
def test_every_defect_turns_its_test_red() -> None:
    assert main([]) == 0
