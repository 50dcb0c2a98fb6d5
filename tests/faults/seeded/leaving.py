"""Defects about machines that leave by themselves, or never come to life."""

from tests.faults.defect import Defect

LISTEN = "provisioning/reconciler/listen.py"
BREAKER = "provisioning/reconciler/breaker.py"
MACHINES = "provisioning/steps/deployment/machines.py"
ALLOCATE = "provisioning/steps/machine/allocate.py"
CALLS = "portal/hook/calls.py"
ENDING = "machine/onboard/ending.py"

WOKEN = "                woken_rows += _wake(fabric, departure, at)\n"
HEARD = "                driver.heard(departure.receipt, within=WITHIN)\n"

LEAVING = (
    Defect(
        "take a message away before its row has its reason",
        LISTEN,
        f"{WOKEN}{HEARD}",
        f"{HEARD}{WOKEN}",
        "test_listen::test_a_message_is_taken_away_only_when_its_row_has_its_reason",
    ),
    Defect(
        "take away what names no machine of ours",
        LISTEN,
        "known = [departure for departure in told if _is_ours(fabric, departure)]",
        "known = list(told)",
        "test_listen::test_what_names_no_machine_of_ours_is_left_where_it_is",
    ),
    Defect(
        "leave what is said of a machine that we have removed",
        LISTEN,
        "_named(fabric, departure).exists()",
        "_named(fabric, departure).exclude(phase=Phase.GONE).exists()",
        "test_listen::test_that_a_machine_has_left_which_we_have_removed_is_taken_away_as_well",
    ),
    Defect(
        "believe that a machine has left",
        LISTEN,
        "return Machine.objects.filter(pk__in=pks).update(**woken(at))",
        "return Machine.objects.filter(pk__in=pks).update(**woken(at), sighting={**living[0].sighting, 'seen': 'absent'}, "
        "phase=Phase.FAILED, problem='machine-died', failed_attempt=1)",
        "test_listen::test_a_word_that_a_machine_has_left_is_not_believed",
    ),
    Defect(
        "lead people to a machine that is not there",
        MACHINES,
        "    if not CLOSED.done(job):\n        CLOSED.push(job)\n",
        "",
        "test_leaving::test_nobody_is_led_any_more_to_a_machine_that_is_not_there_before_its_address_is_free",
    ),
    Defect(
        "replace what never comes to life again and again",
        MACHINES,
        "                job.book.replaced()",
        "                pass",
        "test_leaving::test_the_second_that_never_comes_to_life_is_told",
    ),
    Defect(
        "wait for ever for a machine that starts",
        ALLOCATE,
        "if is_late(job, seen, within := job.driver.capabilities.starts_within):",
        "if not (within := job.driver.capabilities.starts_within):",
        "test_leaving::test_a_machine_that_never_comes_to_life_is_replaced_once_by_itself",
    ),
    Defect(
        "keep the keys of what is gone",
        "provisioning/reconciler/plans.py",
        "        of_machine.ForgetKeys(),\n",
        "",
        "test_leaving::test_a_machine_that_is_gone_is_known_to_nobody",
    ),
    Defect(
        "let everybody wait for a place that does not answer",
        BREAKER,
        "            hangs(fabric, at)\n        raise",
        "            pass\n        raise",
        "test_breaker::test_only_the_first_waits_for_a_place_that_does_not_answer",
    ),
    Defect(
        "let all try at once after the pause",
        BREAKER,
        "fabric.hangs_until <= at and ours.update(hangs_until=at + PAUSE) == 1",
        "fabric.hangs_until <= at",
        "test_breaker::test_of_two_that_look_at_the_same_moment_after_the_pause_one_tries",
    ),
    Defect(
        "take one host for the whole place",
        BREAKER,
        'stop.code == AWAY and "host" not in stop.params',
        "stop.code == AWAY",
        "test_breaker::test_one_host_of_many_and_a_place_that_is_full_are_no_reason_not_to_ask",
    ),
    Defect(
        "tell that it is gone before that it was there",
        CALLS,
        "open_calls().filter(~Exists(earlier), due_at__lte=at)",
        "open_calls().filter(due_at__lte=at)",
        "portal/test_hook::test_what_is_not_taken_is_told_again_ever_later_and_gone_never_overtakes_made",
    ),
    Defect(
        "follow the webhook into the house",
        "portal/hook/address.py",
        "if not is_trusted(address) and (bad",
        "if not is_trusted(address) and False and (bad",
        "portal/test_hook::test_a_private_address_is_told_nothing_unless_it_is_trusted",
    ),
    Defect(
        "sign without the time",
        CALLS,
        'f"{moment}.".encode() + body',
        "body",
        "portal/test_hook::test_what_is_told_is_signed_with_the_time",
    ),
    Defect(
        "switch off what nobody can switch on again",
        "provisioning/steps/machine/ends_itself.py",
        "switch_off = job.driver.capabilities.may_switch_off",
        "switch_off = True",
        "test_ends_itself::test_only_what_can_be_switched_on_again_switches_itself_off",
    ),
    Defect(
        "end before the time has come",
        ENDING,
        'or time.time() < known["at"]',
        "",
        "machine/test_ending::test_before_its_time_nothing_ends",
    ),
    Defect(
        "forget that it had ended when an answer is lost",
        ENDING,
        'given.get("begun_anew") is not True',
        "False",
        "machine/test_ending::test_it_tells_that_it_has_ended_until_it_hears_that_all_was_begun_anew",
    ),
)
