"""Defects of the lease: who may work on a row, and who may write."""

from tests.faults.defect import Defect

LEASE = "provisioning/reconciler/lease.py"
DECIDE = "provisioning/reconciler/decide.py"
MODELS = "provisioning/models"
STATEMENTS = "provisioning/models/statements.py"

CLAIMING = (
    Defect(
        "drop the fence",
        STATEMENTS,
        'where = "id = %s AND lease_epoch = %s" +',
        'where = "id = %s AND lease_epoch <> -%s" +',
        "test_lease::test_whoever_was_overtaken_writes_nothing",
    ),
    Defect(
        "claim a row that somebody has",
        STATEMENTS,
        "AND lease_until <= %s AND phase",
        "AND lease_until <> %s AND phase",
        "test_lease::test_a_row_is_claimed_once",
    ),
    Defect(
        "claim a row without another epoch",
        STATEMENTS,
        "lease_epoch = lease_epoch + 1,",
        "lease_epoch = lease_epoch,",
        "test_lease::test_a_lease_that_ran_out_is_claimed_by_the_next",
    ),
    Defect(
        "claim what is gone",
        STATEMENTS,
        "AND phase <> %s RETURNING",
        "AND (phase <> %s OR TRUE) RETURNING",
        "test_lease::test_a_row_that_is_gone_is_not_claimed",
    ),
    Defect(
        "undo at the end what was written at once",
        LEASE,
        "            self._pending.pop(name, None)\n",
        "",
        "test_lease::test_what_was_written_at_once_is_not_undone_at_the_end_of_the_pass",
    ),
    Defect(
        "try again to write what cannot be written",
        "provisioning/reconciler/walk.py",
        "            self.lease.forget()\n",
        "",
        "test_sweep::test_a_pass_whose_end_the_database_refuses_is_pushed_away_like_any_mistake",
    ),
    Defect(
        "forget the wake",
        LEASE,
        'pending["due_at"] = next_look = self.at',
        "pass",
        "test_lease::test_a_wake_during_a_pass_makes_the_row_due_at_once",
    ),
    Defect(
        "let a machine's move wake nobody",
        LEASE,
        "                self.row.wake_parent(self.at)\n",
        "                pass\n",
        "test_places::test_a_launch_waits_for_no_look_by_the_clock",
    ),
    Defect(
        "leave the fence open for other rows",
        LEASE,
        '            self._write({"lease_epoch": self.epoch})\n            yield\n',
        "            yield\n",
        "test_lease::test_a_fence_keeps_an_overtaken_pass_from_other_rows",
    ),
    Defect(
        "leave the fence behind the admission lock open",
        LEASE,
        '            self._write({"lease_epoch": self.epoch})\n            yield turn',
        "            yield turn",
        "test_lease::test_a_machine_asked_for_by_one_who_was_overtaken_is_not_made",
    ),
    Defect(
        "give a call all the time in the world",
        LEASE,
        "return min(LONGEST_CALL, left)",
        "return LONGEST_CALL",
        "test_lease::test_a_call_gets_no_more_time_than_the_lease_has_left",
    ),
    Defect(
        "allow any move",
        LEASE,
        "if phase not in ARROWS[was]:",
        "if phase == was:",
        "test_lease::test_a_move_that_is_not_an_arrow_is_refused",
    ),
    Defect(
        "let a retry turn back what is leaving",
        DECIDE,
        "case (Wanted.GONE, _) | (_, Phase.RETIRING):",
        "case Wanted.GONE, Phase.READY | Phase.BUILDING | Phase.RETIRING:",
        "test_decide::test_a_wish_to_go_wins_over_everything",
    ),
    Defect(
        "retry what was asked to go",
        f"{MODELS}/deployment.py",
        'phase=Phase.FAILED, wanted=Wanted.UP, attempt=F("failed_attempt")',
        'phase=Phase.FAILED, attempt=F("failed_attempt")',
        "test_ending::test_trying_again_what_was_asked_to_go_changes_nothing",
    ),
    Defect(
        "retry without another attempt",
        f"{MODELS}/deployment.py",
        'failed.update(attempt=F("attempt") + 1, ',
        'failed.update(attempt=F("attempt"), ',
        "test_bad_days::test_trying_again_goes_on_from_the_step_that_failed",
    ),
    Defect(
        "launch again at every press",
        f"{MODELS}/launching.py",
        "if before := self.filter(launched_by=by, form_token=form_token).first():",
        'if before := self.filter(launched_by=by, form_token="").first():',
        "test_one_life::test_the_same_form_token_is_the_same_service",
    ),
    Defect(
        "launch for an event as it was read long before",
        f"{MODELS}/launching.py",
        "        event.closes_at, event.owner_id = now.get(pk=event.pk)\n",
        "",
        "portal/test_launch::test_no_service_outlasts_an_event_that_was_shortened_since_its_form_was_read",
    ),
    Defect(
        "launch while the event's end moves",
        f"{MODELS}/launching.py",
        "Event.objects.select_for_update(no_key=True).values_list(",
        "Event.objects.values_list(",
        "portal/test_launch::test_of_a_launch_and_a_sooner_end_at_the_same_moment_the_end_holds",
        on_postgres=True,
    ),
    Defect(
        "forget what a program said when its reader died",
        "provisioning/reconciler/log_rows.py",
        "begin = max(offset, self._kept(job))",
        "begin = offset",
        "test_book::test_what_a_program_said_is_kept_whole_although_its_reader_died",
    ),
)
