"""Defects about places: whose they are, what they cost, what their machines reach, and how services leave them."""

from tests.faults.defect import Defect

OWN = "provisioning/fabrics/ec2/own.py"
VIEWS = "portal/views/own_places.py"
OWN_PLACES = "portal/test_own_places"

PLACES = (
    Defect(
        "go into somebody's account as the house",
        OWN,
        "    if not role and not any(keys):\n",
        "    if not role and not any(keys) and False:\n",
        f"{OWN_PLACES}::test_nobody_gets_into_the_account_of_the_house",
    ),
    Defect(
        "take on whatever role somebody names",
        OWN,
        "if role and not _ROLE.fullmatch(str(role)):",
        'if role and not str(role).startswith("arn:"):',
        f"{OWN_PLACES}::test_nobody_gets_into_the_account_of_the_house",
    ),
    Defect(
        "ask for a role with the same word for everybody",
        "portal/people/own_options.py",
        'salted_hmac("portal.people.own_places", str(person.pk), algorithm="sha256")',
        'salted_hmac("portal.people.own_places", "", algorithm="sha256")',
        f"{OWN_PLACES}::test_a_role_is_taken_on_with_a_word_that_is_its_owners_alone",
    ),
    Defect(
        "give the house's queue and price to everybody's own account",
        "portal/people/own_options.py",
        "for name, value in house.options.items() if name in names}",
        "for name, value in house.options.items() if name}",
        f"{OWN_PLACES}::test_a_cloud_account_has_of_the_house_what_only_the_house_knows",
    ),
    Defect(
        "forget an account although something stays there",
        VIEWS,
        'agreed = stays.is_nothing or request.POST.get("stays") == "yes"',
        "agreed = True",
        f"{OWN_PLACES}::test_what_is_left_there_is_listed_before_it_goes",
    ),
    Defect(
        "tell the webhook of a machine on trial",
        "portal/hook/calls.py",
        "    running = running.exclude(deployment=None)  # one on trial is nobody's, and goes at once\n",
        "",
        "portal/test_hook::test_a_machine_on_trial_is_told_to_nobody_and_hinders_no_other",
    ),
    Defect(
        "take a dearer machine than was shown",
        "provisioning/prices.py",
        "if most is None or found[each % len(found)] <= most), turn)",
        "if each is not None), turn)",
        "test_choosing::test_what_is_paid_is_what_the_machine_costs_that_was_made_and_never_more_than_was_shown",
    ),
    Defect(
        "charge the usual price for another kind of machine",
        "provisioning/slots.py",
        "per_hour(fabric, size, turn)",
        "per_hour(fabric, size)",
        "test_choosing::test_what_is_paid_is_what_the_machine_costs_that_was_made_and_never_more_than_was_shown",
    ),
    Defect(
        "let a new machine reach everything",
        "provisioning/fabrics/ec2/groups.py",
        "    if wanted >= ways.USUAL_OUT:\n",
        "    if wanted >= set():\n",
        "fabrics/test_ec2::test_a_new_machine_reaches_no_more_than_was_said_and_nothing_once_it_is_cut_off",
    ),
    Defect(
        "leave a service where it is without a word",
        "portal/desk/moving.py",
        "    if service.move_problem:\n",
        "    if not service:\n",
        "portal/test_counter::test_the_page_of_a_drained_place_tells_how_each_service_leaves",
    ),
    Defect(
        "move a service away without its data",
        "provisioning/steps/deployment/move.py",
        "            if not job.may_hold_data(machine):\n",
        "            if job:\n",
        "test_moving::test_it_goes_over_with_its_copy_and_its_address",
    ),
    Defect(
        "move a service to where it costs more",
        "provisioning/admission.py",
        "            hour <= most\n            and has_room(",
        "            has_room(",
        "test_moving::test_it_never_goes_where_it_costs_more",
    ),
)
