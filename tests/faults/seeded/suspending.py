"""Defects of suspending: what is let in or out, and what is lost by it."""

from tests.faults.defect import Defect

MODELS = "provisioning/models"
STEPS = "provisioning/steps"

SUSPENDING = (
    Defect(
        "let a look that is under way keep the door open",
        f"{MODELS}/deployment.py",
        "**woken(at, Lane.PERSON), **overtaken(at)) == 1",
        "**woken(at, Lane.PERSON)) == 1",
        "test_suspend::test_a_look_that_is_under_way_is_overtaken",
    ),
    Defect(
        "keep the network from a machine whose copy is to be fetched",
        f"{MODELS}/machine.py",
        "return self.deployment.is_to_be_cut and self.deployment.wanted == Wanted.UP",
        "return self.deployment.is_to_be_cut",
        "test_suspend::test_a_suspended_service_that_expires_ends_with_a_copy",
    ),
    Defect(
        "call it opened when the button is pressed",
        f"{STEPS}/deployment/suspend.py",
        "return not job.was_shut",
        "return True",
        "test_suspend::test_what_people_wrote_is_still_there_afterwards",
    ),
    Defect(
        "look once and never again whether the network is off",
        "provisioning/reconciler/walk.py",
        "SHUT_LOOK = timedelta(seconds=30)",
        "SHUT_LOOK = timedelta(hours=30)",
        "test_suspend::test_a_network_that_came_back_unasked_is_cut_again",
    ),
    Defect(
        "let the time to get ready run while it is shut out",
        "provisioning/reconciler/walk.py",
        "            self.lease.set(building_since=self.at)\n",
        "            pass\n",
        "test_suspend::test_one_that_is_being_set_up_stands_still_and_goes_on_later",
    ),
    Defect(
        "start a machine that is cut off without its network",
        f"{STEPS}/machine/watch.py",
        "                return sighting.on_network",
        "                return True",
        "test_suspend::test_it_is_suspended_until_it_has_answered_again",
    ),
    Defect(
        "let what was taken off come back by its copy",
        "portal/gate.py",
        '    "deployment__suspend_wanted": False,\n',
        "",
        "portal/test_copies::test_what_was_taken_off_comes_back_by_no_copy_until_the_desk_lets_it",
    ),
)
