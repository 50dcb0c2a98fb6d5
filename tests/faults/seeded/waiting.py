"""Defects of admission: how many, whose turn, and when room is free again."""

from tests.faults.defect import Defect

ADMISSION = "provisioning/admission.py"
WALK = "provisioning/reconciler/walk.py"

WAITING = (
    Defect(
        "count outside the transaction that admits",
        WALK,
        "            with self.lease.admitting() as turn:\n                fabric = admission.place_for(row, turn, self.at)\n",
        "            fabric = admission.place_for(row, admission.Admission(pk=1), self.at)\n"
        "            with self.lease.admitting():\n",
        "test_admission::test_room_is_counted_in_the_transaction_that_admits",
    ),
    Defect(
        "admit without the lock",
        "provisioning/models/admission.py",
        'lock = "WHERE id = 1 FOR UPDATE" if',
        'lock = "WHERE id = 1" if',
        "test_admission::test_fifty_at_once_at_a_limit_of_three_are_three",
        on_postgres=True,
    ),
    Defect(
        "release the room at the click",
        ADMISSION,
        "WHERE fabric_id = %s AND phase IN (",
        "WHERE fabric_id = %s AND wanted = 'up' AND phase IN (",
        "test_admission::test_room_is_released_when_the_machine_is_gone_not_at_the_click",
    ),
    Defect(
        "count nothing",
        ADMISSION,
        "if machines >= fabric.holds:",
        "if machines > 10 * fabric.holds:",
        "test_admission::test_fifty_at_once_at_a_limit_of_three_are_three",
    ),
    Defect(
        "serve whoever came first",
        ADMISSION,
        "    if isinstance(found, Fabric) and not is_rush:",
        "    if isinstance(found, Fabric):",
        "test_admission::test_a_press_at_the_moment_when_room_is_free_overtakes_nobody",
    ),
    Defect(
        "admit although nothing new may be launched",
        ADMISSION,
        "if not turn.is_open:",
        "if turn.is_open is None:",
        "test_admission::test_the_switch_no_new_launches_keeps_everybody_waiting",
    ),
    Defect(
        "let nobody know that room is free",
        WALK,
        "admission.wake_next(self.at)",
        "pass",
        "test_admission::test_who_waits_is_let_in_the_moment_there_is_room",
    ),
    Defect(
        "let nobody in after one who cannot come in",
        ADMISSION,
        "if first.pk != deployment.pk and isinstance(_room_or_reason(first, at), Fabric):",
        "if first.pk < deployment.pk and isinstance(_room_or_reason(first, at), Fabric):",
        "test_admission::test_room_that_the_next_one_cannot_take_goes_to_the_one_after_at_once",
    ),
    Defect(
        "let one in, and not the next, where there is room for many",
        WALK,
        "return left or (had_waited and was == Phase.WAITING and self.row.phase == Phase.BUILDING)",
        "return left",
        "test_admission::test_all_who_wait_come_in_one_upon_the_other_when_there_is_room_for_all",
    ),
    Defect(
        "look at everybody who waits all the time",
        WALK,
        "adaptive = max(adaptive, admission.look_again_in(self.row, self.at))",
        "pass",
        "test_admission::test_a_long_line_costs_few_looks",
    ),
    Defect(
        "look five times a second for ever",
        WALK,
        "adaptive = max(SOONEST, min(LATEST, waited * SHARE_OF_WAIT))",
        "adaptive = SOONEST",
        "test_admission::test_who_waits_for_room_is_looked_at_less_and_less_often",
    ),
    Defect(
        "give a freed slot away at once",
        "provisioning/slots.py",
        "slot = (fabric.last_slot + ahead) % fabric.slots + 1",
        "slot = ahead + 1",
        "test_admission::test_a_freed_slot_is_not_at_once_somebody_elses",
    ),
    Defect(
        "a place that has no number left takes one more",
        "provisioning/models/fabric.py",
        "return min(self.most_machines, self.slots)",
        "return self.most_machines",
        "test_admission::test_a_place_without_a_free_number_is_full_however_many_machines_it_may_have",
    ),
)
