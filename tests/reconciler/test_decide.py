"""Every combination of facts has a course, and every course but one has a next look."""

from itertools import product

import pytest

from provisioning.phases import Phase, Wanted
from provisioning.reconciler.decide import ARROWS, Course, decide

SITUATIONS = list(product(Wanted, Phase, (False, True)))


@pytest.mark.parametrize(("wanted", "phase", "retry"), SITUATIONS)
def test_only_what_is_gone_needs_nothing(wanted: Wanted, phase: Phase, retry: bool) -> None:
    assert (decide(wanted, phase, retry) == Course.NOTHING) == (phase == Phase.GONE)


@pytest.mark.parametrize(("phase", "retry"), list(product(list(Phase)[:-1], (False, True))))
def test_a_wish_to_go_wins_over_everything(phase: Phase, retry: bool) -> None:
    assert decide(Wanted.GONE, phase, retry) == Course.RETIRING


@pytest.mark.parametrize("wanted", list(Wanted))
def test_a_row_that_is_leaving_never_turns_back(wanted: Wanted) -> None:
    assert decide(wanted, Phase.RETIRING, True) == Course.RETIRING


def test_a_failed_one_is_launched_again_only_when_somebody_asked() -> None:
    assert decide(Wanted.UP, Phase.FAILED, retry=False) == Course.GIVING_BACK
    assert decide(Wanted.UP, Phase.FAILED, retry=True) == Course.LAUNCHING


def test_from_every_phase_there_is_a_way_to_gone() -> None:
    reached = {Phase.GONE}
    while grown := {phase for phase, to in ARROWS.items() if to & reached} - reached:
        reached |= grown
    assert reached == set(Phase)


def test_nothing_leads_away_from_gone() -> None:
    assert not ARROWS[Phase.GONE]
