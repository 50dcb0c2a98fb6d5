"""All seeded defects, by what they break."""

from collections.abc import Sequence

from tests.faults.defect import Defect
from tests.faults.seeded.again import AGAIN
from tests.faults.seeded.claiming import CLAIMING
from tests.faults.seeded.ending import ENDING
from tests.faults.seeded.installing import INSTALLING
from tests.faults.seeded.launching import LAUNCHING
from tests.faults.seeded.leaving import LEAVING
from tests.faults.seeded.people import PEOPLE
from tests.faults.seeded.places import PLACES
from tests.faults.seeded.suspending import SUSPENDING
from tests.faults.seeded.sweeping import SWEEPING
from tests.faults.seeded.waiting import WAITING

DEFECTS: Sequence[Defect] = (
    *CLAIMING,
    *WAITING,
    *LAUNCHING,
    *ENDING,
    *SUSPENDING,
    *SWEEPING,
    *AGAIN,
    *PEOPLE,
    *LEAVING,
    *INSTALLING,
    *PLACES,
)
