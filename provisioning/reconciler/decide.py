"""Which course to take with a row, from five facts alone: no clock, no database, no network."""

from enum import StrEnum

from provisioning.phases import Phase, Wanted


class Course(StrEnum):
    """What a pass works on."""

    NOTHING = "nothing"
    ADMITTING = "admitting"  # is there room?
    LAUNCHING = "launching"  # walk the plan to ready
    MOVING = "moving"  # from one machine to another, at another place, with all that is in it
    KEEPING = "keeping"  # is it still so?
    SHUTTING = "shutting"  # suspended: keep everybody out, and everything as it is
    GIVING_BACK = "giving-back"  # failed: keep for a look, then let its machines go
    RETIRING = "retiring"  # walk the plan to nothing left


def decide(wanted: Wanted, phase: Phase, retry: bool, cut: bool = False, moves: bool = False) -> Course:
    """Choose what to work on. Every answer but NOTHING has a next look."""
    match wanted, phase:
        case _, Phase.GONE:
            return Course.NOTHING
        case (Wanted.GONE, _) | (_, Phase.RETIRING):
            return Course.RETIRING
        case _, Phase.WAITING:
            return Course.ADMITTING
        case _ if cut:
            return Course.SHUTTING
        case _, Phase.FAILED:
            again = Course.MOVING if moves else Course.LAUNCHING
            return again if retry else Course.GIVING_BACK
        case _, Phase.READY:
            return Course.KEEPING
        case _:
            return Course.MOVING if moves else Course.LAUNCHING


ARROWS: dict[Phase, frozenset[Phase]] = {
    Phase.WAITING: frozenset({Phase.BUILDING, Phase.FAILED, Phase.RETIRING}),
    Phase.BUILDING: frozenset({Phase.READY, Phase.FAILED, Phase.RETIRING}),
    Phase.READY: frozenset({Phase.BUILDING, Phase.FAILED, Phase.RETIRING}),
    Phase.FAILED: frozenset({Phase.BUILDING, Phase.RETIRING}),
    Phase.RETIRING: frozenset({Phase.GONE}),
    Phase.GONE: frozenset(),
}
"""Every move that a row may make. A lease refuses any other."""
