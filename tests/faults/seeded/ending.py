"""Defects on the way out: what goes too early, and what stays behind."""

from tests.faults.defect import Defect

MACHINE = "provisioning/steps/machine"
DEPLOYMENT = "provisioning/steps/deployment"
PLANS = "provisioning/reconciler/plans.py"
BOOK = "provisioning/reconciler/book.py"
WHOLE = "provisioning/vault/whole.py"

ENDING = (
    Defect(
        "gone before it is seen absent",
        f"{MACHINE}/remove.py",
        "            job.book.saw(sighting)\n            return False",
        "            job.book.absent()\n            return True",
        "test_admission::test_room_is_released_when_the_machine_is_gone_not_at_the_click",
    ),
    Defect(
        "gone before the place has settled",
        f"{MACHINE}/absence.py",
        "if job.at < settles_at and not seen.is_final:",
        "if job.at < job.asked_at:",
        "test_places::test_an_absence_before_the_place_has_settled_proves_nothing",
    ),
    Defect(
        "take one absence for a proof where it is none",
        f"{MACHINE}/absence.py",
        "if job.driver.capabilities.absent_twice and (",
        "if job.at < job.asked_at and (",
        "test_places::test_where_one_absence_is_no_proof_there_are_two_a_minute_apart",
    ),
    Defect(
        "call a machine dead that was hidden for a moment",
        f"{MACHINE}/watch.py",
        "            prove_absence(job, sighting)\n            raise",
        "            job.book.saw(sighting)\n            raise",
        "test_places::test_a_machine_that_is_hidden_for_a_moment_is_not_called_dead_where_one_absence_is_no_proof",
    ),
    Defect(
        "let one silent host keep those from giving up who found no room",
        f"{MACHINE}/absence.py",
        'if was_never_seen and "host" in stop.params:',
        'if was_never_seen and "host" not in stop.params:',
        "test_places::test_one_silent_host_keeps_nobody_from_giving_up_who_found_no_room",
    ),
    Defect(
        "look for what was never seen before it is asked for again",
        f"{MACHINE}/allocate.py",
        "if job.asked_at is None or not self._was_there(job):",
        "if job.asked_at is None:",
        "test_places::test_one_silent_host_keeps_no_launch_from_a_host_that_becomes_free",
    ),
    Defect(
        "ask for the removal before the row says so",
        BOOK,
        "self.lease.write(removal_asked_at=self.lease.at)",
        "self.lease.set(removal_asked_at=self.lease.at)",
        "test_places::test_the_row_tells_that_a_removal_was_asked_for_before_its_place_hears_of_it",
    ),
    Defect(
        "remove an unsettled machine",
        f"{MACHINE}/remove.py",
        "if job.settled == Settled.NOT_YET:",
        "if job.settled is None:",
        "test_ending::test_a_machine_that_a_bug_asks_to_go_unsettled_stays",
    ),
    Defect(
        "let an unsettled machine go",
        f"{DEPLOYMENT}/let_go.py",
        'if machine.wanted == "up" and machine.settled != Settled.NOT_YET:',
        'if machine.wanted == "up":',
        "test_ending::test_only_a_settled_machine_is_let_go",
    ),
    Defect(
        "allow the removal of an unsettled machine in the database",
        "provisioning/migrations/0001_initial.py",
        '("removal_asked_at__isnull", True),',
        '("removal_asked_at__isnull", True), ("key__gt", ""),',
        "test_holds::test_a_machine_is_never_removed_unsettled_even_by_a_bug",
    ),
    Defect(
        "call a copy that failed lost, and go on",
        f"{DEPLOYMENT}/settle.py",
        "job.book.hold(machine.key, until=job.hold_until)",
        "return job.book.settle(machine.key, Settled.LOST)",
        "test_holds::test_a_copy_that_cannot_be_made_puts_the_machine_on_hold_and_deletes_nothing",
    ),
    Defect(
        "keep the copies of all nights",
        "provisioning/reconciler/book.py",
        "        make_room(deployment, kind)",
        "        pass",
        "test_keep_copies::test_each_night_has_its_copy_and_the_last_three_stay",
    ),
    Defect(
        "let a copy that fails at night stop the service",
        f"{MACHINE}/keep_copy.py",
        "            return _passed_over(job, due, stop)",
        "            raise",
        "test_keep_copies::test_a_copy_that_cannot_be_made_at_night_is_told_and_stops_nothing",
    ),
    Defect(
        "make two copies of a service at once",
        "provisioning/models/deployment.py",
        'self._ask_machines("copy", by, at, idle, copy_asked_at=at)',
        'self._ask_machines("copy", by, at, copy_asked_at=at)',
        "test_keep_copies::test_while_one_is_made_no_other_can_be_asked_for",
    ),
    Defect(
        "delete the last copy of a night for its age",
        "provisioning/reconciler/copies.py",
        "is_surplus=False).exclude(runs)",
        "is_surplus=False)",
        "test_keep_copies::test_a_copy_of_a_night_of_a_service_that_runs_is_never_announced_nor_deleted_for_its_age",
    ),
    Defect(
        "let the copy of an end be surplus",
        "provisioning/migrations/0001_initial.py",
        '("is_surplus", False),',
        '("size__gt", 0),',
        "test_keep_copies::test_a_copy_of_an_end_can_never_be_surplus_even_by_a_bug",
    ),
    Defect(
        "rely on a copy unread",
        "provisioning/steps/copying.py",
        "if wrong := given.vault.verify(copy.name, copy.sha256, given.alive):",
        "if wrong := list[str]():",
        "test_ending::test_a_copy_that_was_damaged_on_its_way_is_not_relied_upon",
    ),
    Defect(
        "read the holes of a copy",
        WHOLE,
        'if keyword.startswith(b"GNU.sparse."):',
        'if keyword == b"GNU.sparse.":',
        "vault/test_whole::test_a_file_with_holes_is_refused_before_the_holes_are_read",
    ),
    Defect(
        "take a header of a copy into memory whatever its size",
        WHOLE,
        "if not 0 <= member.size <= LARGEST_HEADER:",
        "if member.size < 0:",
        "vault/test_whole::test_no_header_is_taken_into_memory_whatever_its_size",
    ),
    Defect(
        "unpack a copy that somebody else reads back by now",
        WHOLE,
        "            left -= len(self._exactly(min(left, BLOCK)))\n            self.alive()\n",
        "            left -= len(self._exactly(min(left, BLOCK)))\n",
        "vault/test_whole::test_whoever_loses_the_right_to_read_it_back_stops_within_what_one_block_becomes",
    ),
    Defect(
        "let a copy have members without end",
        WHOLE,
        "for _ in range(MOST_MEMBERS):",
        "while True:",
        "vault/test_whole::test_a_copy_with_members_without_end_is_refused",
    ),
    Defect(
        "remove what people used without a copy",
        f"{DEPLOYMENT}/settle.py",
        "if not job.may_hold_data(machine):",
        "if job.may_hold_data(machine):",
        "test_one_life::test_it_ends_by_itself_with_a_checked_copy_and_nothing_left",
    ),
    Defect(
        "take an old copy for the last one",
        "provisioning/reconciler/jobs.py",
        'return f"archive-{deployment.attempt}-{deployment.phase}{move}-{tries}"',
        'return f"archive-{deployment.phase[:0]}{tries}"',
        "test_holds::test_a_copy_from_before_it_was_tried_again_is_not_taken_for_the_last_one",
    ),
    Defect(
        "let people in while the copy is made",
        PLANS,
        "    (Kind.DEPLOYMENT, Course.RETIRING): (\n        of_deployment.Unpublish(),\n"
        "        of_deployment.Settle(),\n        of_deployment.LetGo(),\n",
        "    (Kind.DEPLOYMENT, Course.RETIRING): (\n        of_deployment.Settle(),\n"
        "        of_deployment.LetGo(),\n        of_deployment.Unpublish(),\n",
        "test_ending::test_nobody_can_come_in_any_more_while_the_copy_is_made",
    ),
    Defect(
        "let a goodbye that fails hold up the end",
        f"{MACHINE}/remove.py",
        "            return self._pass_over(job, stop.blame, **stop.params)",
        "            raise",
        "test_ending::test_a_goodbye_that_fails_is_told_and_passed_over",
    ),
    Defect(
        "wait for a goodbye for ever",
        f"{MACHINE}/remove.py",
        "            if is_late:\n",
        "            if is_late is None:\n",
        "test_ending::test_a_goodbye_that_never_ends_holds_nobody_up_for_more_than_three_minutes",
    ),
    Defect(
        "keep the keys",
        PLANS,
        "        of_deployment.Forget(),\n",
        "",
        "test_one_life::test_keys_and_first_passwords_are_forgotten_at_the_end",
    ),
    Defect(
        "give a failed machine back at once",
        PLANS,
        "        of_deployment.KeepForALook(),\n",
        "",
        "test_bad_days::test_a_failed_launch_gives_its_machine_back_after_a_day",
    ),
)
