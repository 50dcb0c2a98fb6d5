"""Defects of the housekeeping: ends, warnings, strays, old copies, and whose row is looked at."""

from tests.faults.defect import Defect

COPIES = "provisioning/reconciler/copies.py"
KEEP = "provisioning/reconciler/keep.py"
WARNINGS = "provisioning/reconciler/warnings.py"
EVENT = "provisioning/models/event.py"

SWEEPING = (
    Defect(
        "end what was extended at the last moment",
        KEEP,
        "deployment.end(at=at) for",
        "deployment.retire(by=None, at=at) for",
        "test_keep::test_an_end_that_is_moved_at_the_last_moment_is_not_the_end",
    ),
    Defect(
        "remove a stray at first sight",
        KEEP,
        "first_seen_at__lte=at - STRANGER_FOR",
        "first_seen_at__lte=at",
        "test_keep::test_a_stray_goes_after_two_lists_some_time_apart",
    ),
    Defect(
        "call another portal's machines strays",
        "provisioning/fabrics/memory/driver.py",
        "for key, ghost in self.place.machines.items() if ghost.owner == self.owner}",
        "for key, ghost in self.place.machines.items()}",
        "test_keep::test_a_machine_of_another_portal_is_never_touched",
    ),
    Defect(
        "empty a place at once",
        KEEP,
        '"first_seen_at")[:STRAYS_AT_ONCE]',
        '"first_seen_at")',
        "test_keep::test_no_more_than_five_strays_go_in_one_head_count",
    ),
    Defect(
        "try the same strays again and again",
        KEEP,
        'F("removal_asked_at").asc(nulls_first=True), ',
        "",
        "test_keep::test_strays_that_cannot_be_removed_do_not_hinder_the_others",
    ),
    Defect(
        "remove strays in quarantine",
        KEEP,
        "elif not Admission.objects.filter(quarantined=True).exists():",
        "else:",
        "test_keep::test_nothing_without_a_row_is_removed_in_quarantine",
    ),
    Defect(
        "take a partial list for a complete one",
        KEEP,
        "if roll.complete:",
        "if roll is not None:",
        "test_keep::test_a_partial_list_proves_no_absence",
    ),
    Defect(
        "leave lines at the front door that no row wants",
        KEEP,
        "        last_first.callback(take_away_old_lines, world)\n",
        "",
        "test_keep::test_a_line_of_the_front_door_that_no_row_wants_is_taken_away",
    ),
    Defect(
        "stop the housekeeping at the first mistake",
        KEEP,
        "last_first.callback(head_count, fabric, at, world)",
        "head_count(fabric, at, world)",
        "test_keep::test_a_place_with_wrong_options_hinders_nothing_else",
    ),
    Defect(
        "warn again and again",
        WARNINGS,
        'cause=f"warning:{end}:{seconds}"',
        'cause=f"warning:{at}"',
        "test_warnings::test_two_services_of_one_event_are_one_warning",
    ),
    Defect(
        "warn for each service",
        WARNINGS,
        "            Entry.objects.write_all([_warning(event, before, at)])\n",
        "            for one in event.deployments.all():\n"
        "                Entry.objects.write(event, Happened.WARNING, at=at, cause=f'{one.pk}:{before}')\n",
        "test_warnings::test_two_services_of_one_event_are_one_warning",
    ),
    Defect(
        "end although nobody could be warned",
        KEEP,
        "            last_first.callback(wait_for_warnings, at)\n",
        "",
        "test_warnings::test_an_end_waits_for_a_warning_that_cannot_leave_but_no_longer_than_a_day",
    ),
    Defect(
        "let an end wait for ever",
        WARNINGS,
        "agreed_end(event) + LONGEST_WAIT",
        "at + LONGEST_WAIT",
        "test_warnings::test_an_end_waits_for_a_warning_that_cannot_leave_but_no_longer_than_a_day",
    ),
    Defect(
        "make up for warnings that a person's own wish has overtaken",
        WARNINGS,
        "if event.closes_at - one >= known_since",
        "if one",
        "test_warnings::test_whoever_lets_an_event_end_sooner_is_not_told_that_it_ends_later",
    ),
    Defect(
        "move the event and not what is in it",
        EVENT,
        "            self._move_deployments(to, at)\n",
        "",
        "test_keep::test_an_extended_event_ends_later_and_so_does_all_in_it",
    ),
    Defect(
        "move the latest end and leave the end",
        EVENT,
        "living.update(expires_at=ending, closes_at=to,",
        "living.update(closes_at=to,",
        "test_keep::test_an_extended_event_ends_later_and_so_does_all_in_it",
    ),
    Defect(
        "keep copies for ever",
        KEEP,
        "        last_first.callback(delete_old_copies, at, world)\n",
        "",
        "test_keep::test_a_copy_is_deleted_when_its_time_is_over_and_the_row_says_when",
    ),
    Defect(
        "delete copies that nobody was reminded of",
        COPIES,
        "(copy.pk in known and known[copy.pk] <= at)",
        "known.get(copy.pk, at) <= at",
        "test_copies::test_a_copy_whose_reminder_could_not_be_written_is_not_deleted",
    ),
    Defect(
        "remind after an outage and delete at once",
        COPIES,
        "return copy.delete_at if earliest - LATE <= copy.delete_at else earliest",
        "return copy.delete_at",
        "test_copies::test_an_outage_delays_the_deletion_and_skips_no_reminder",
    ),
    Defect(
        "announce each copy by itself",
        COPIES,
        "if copy.delete_at <= max(due) + TOGETHER]",
        "if copy.delete_at <= max(due)]",
        "test_copies::test_copies_of_one_event_are_announced_together_and_those_of_another_apart",
    ),
    Defect(
        "let old rows of quiet lanes starve",
        "provisioning/reconciler/sweep.py",
        "rows = [*oldest, *(row for row in by_lane if row not in oldest)]",
        "rows = by_lane",
        "test_sweep::test_every_batch_begins_with_the_oldest_of_any_lane",
    ),
    Defect(
        "go on with a connection that the database has closed",
        "portal/celery.py",
        '"CONN_HEALTH_CHECKS": True',
        '"CONN_HEALTH_CHECKS": False',
        "portal/test_worker_connections::test_a_server_that_hung_up_costs_one_task_at_most",
        on_postgres=True,
    ),
    Defect(
        "open a connection for each task",
        "portal/celery.py",
        "CELERY_DB_REUSE_MAX=sys.maxsize",
        "CELERY_DB_REUSE_MAX=None",
        "portal/test_worker_connections::test_the_next_task_finds_the_connection_of_the_one_before",
    ),
)
