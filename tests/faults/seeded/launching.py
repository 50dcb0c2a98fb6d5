"""Defects on the way to ready, and of what failed."""

from tests.faults.defect import Defect

MACHINE = "provisioning/steps/machine"
RELEASES = "machine/onboard/releases.py"
DEPLOYMENT = "provisioning/steps/deployment"
PLANS = "provisioning/reconciler/plans.py"
WALK = "provisioning/reconciler/walk.py"
JOBS = "provisioning/reconciler/jobs.py"
BOOK = "provisioning/reconciler/book.py"

LAUNCHING = (
    Defect(
        "ask the place before the row says so",
        BOOK,
        "self.lease.write(asked_at=self.lease.at)",
        "self.lease.set(asked_at=self.lease.at)",
        "test_places::test_the_row_tells_that_a_machine_was_asked_for_before_its_place_hears_of_it",
    ),
    Defect(
        "a new key for every question",
        "provisioning/slots.py",
        'return MachineSpec(**{**frozen, "size"',
        'return MachineSpec(**{**frozen, "key": new_key(), "size"',
        "test_bad_days::test_a_lost_reply_makes_no_second_machine",
    ),
    Defect(
        "want two machines for one role",
        "provisioning/migrations/0001_initial.py",
        'fields=("deployment", "role", "number", "stand"),',
        'fields=("deployment", "role", "number", "stand", "slot"),',
        "test_ending::test_two_machines_are_never_wanted_for_one_role_even_by_a_bug",
    ),
    Defect(
        "make a machine again that died while it was set up",
        f"{MACHINE}/allocate.py",
        "if job.asked_at is None or not self._was_there(job):",
        "if job.asked_at is None or self._was_there(job):",
        "test_places::test_a_machine_that_dies_while_it_is_set_up_is_not_made_again_under_its_key",
    ),
    Defect(
        "make a dead machine again under its key",
        f"{MACHINE}/watch.py",
        "            raise GiveUp(DIED, blame=Blame.FABRIC)",
        "            return False",
        "test_bad_days::test_a_machine_killed_from_outside_is_noticed_told_settled_and_cleaned_up",
    ),
    Defect(
        "fetch a second time because a look was lost",
        f"{MACHINE}/jobs.py",
        "    for name in names:\n",
        "    for name in names[:1]:\n",
        "test_bad_days::test_a_look_that_is_lost_begins_nothing_a_second_time",
    ),
    Defect(
        "fetch the service beside another one who does",
        "machine/onboard/fetch_service.py",
        '        with alone("fetch-service"):\n',
        "        if commit:\n",
        "machine/test_fetch_service::test_who_comes_while_another_fetches_waits_in_vain_and_does_it_no_harm",
    ),
    Defect(
        "take what an installer left for content that is given once",
        RELEASES,
        "target.is_dir() and not target.is_symlink() and was_given(release)",
        "target.is_dir() and not target.is_symlink()",
        "machine/test_pull::test_content_that_is_given_once_comes_in_though_the_installer_left_something_there",
    ),
    Defect(
        "set aside what older code gave once, and people changed",
        RELEASES,
        '(known["placed"] or (release.target if known["commit"] else ""))',
        'known["placed"]',
        "machine/test_pull::test_what_older_code_gave_once_without_a_note_belongs_to_the_app",
    ),
    Defect(
        "set aside what a copy put back",
        RELEASES,
        "    return release.loaded or release.target ==",
        "    return release.target ==",
        "machine/test_pull::test_what_was_put_back_from_a_copy_belongs_to_the_app",
    ),
    Defect(
        "write down that content was given only when all is over",
        RELEASES,
        "    content.note(placed=str(target))\n",
        "",
        "machine/test_pull::test_a_death_just_after_content_was_given_once_takes_nothing_from_the_app",
    ),
    Defect(
        "tell no machine that its content was loaded before",
        f"{MACHINE}/content.py",
        '"loaded": job.was_ready',
        '"loaded": False',
        "test_places::test_a_machine_is_told_whether_its_content_was_loaded_before",
    ),
    Defect(
        "ready without asking the page",
        PLANS,
        "        of_deployment.AnswerAtMachine(),\n        of_deployment.Publish(),\n        of_deployment.AnswerAtAddress(),\n",
        "        of_deployment.Publish(),\n",
        "test_bad_days::test_a_page_that_never_answers_fails_with_the_reason",
    ),
    Defect(
        "ready without an answer at the public address",
        PLANS,
        "        of_deployment.AnswerAtAddress(),\n",
        "",
        "test_one_life::test_ready_takes_as_many_good_answers_as_the_manifest_wants",
    ),
    Defect(
        "take the first answer for all of them",
        f"{DEPLOYMENT}/answer.py",
        "if job.answered_times + 1 < job.manifest.probe.successes:",
        "if job.answered_times + 1 < 1:",
        "test_one_life::test_ready_takes_as_many_good_answers_as_the_manifest_wants",
    ),
    Defect(
        "call one missed answer silence",
        BOOK,
        "row.misses + 1 >= patience",
        "row.misses + 1 >= 1",
        "test_ending::test_one_missed_answer_is_not_yet_silence",
    ),
    Defect(
        "try for ever",
        WALK,
        "return self.course in TO_READY and self.at >= self.row.gives_up_at",
        "return False",
        "test_bad_days::test_a_launch_that_hangs_is_given_up_in_the_end",
    ),
    Defect(
        "begin anew when tried again",
        WALK,
        "kept = self.row.steps_done if self.kind == Kind.MACHINE else self._use_again()",
        "kept = self._use_again() if self.kind != Kind.MACHINE else []",
        "test_bad_days::test_trying_again_goes_on_from_the_step_that_failed",
    ),
    Defect(
        "keep a machine settled that is used again",
        WALK,
        "            again.update(settled=Settled.NOT_YET, settled_by=None, hold_until=None)\n",
        "            again.update(hold_until=None)\n",
        "test_holds::test_a_machine_that_is_used_again_after_it_was_settled_is_copied_in_the_end",
    ),
    Defect(
        "go on with another version on the same machine",
        JOBS,
        "deployment.ready_at is None and machine.release_id != deployment.release_id",
        "False",
        "test_versions::test_a_machine_that_is_whole_but_whose_page_never_answered_goes_as_well",
    ),
    Defect(
        "take another version of what people used",
        "provisioning/models/deployment.py",
        "filter(ready_at=None, restored_from=None).exclude(release=release)",
        "exclude(release=release)",
        "test_versions::test_what_was_ever_open_keeps_its_version_and_its_machine",
    ),
    Defect(
        "launch for ever what dies at every start",
        JOBS,
        "return has_lived and at <",
        "return at <",
        "test_places::test_a_stateless_service_that_dies_at_every_start_is_not_launched_for_ever",
    ),
    Defect(
        "launch again what is over",
        JOBS,
        "has_lived and at < deployment.expires_at and (",
        "has_lived and (",
        "test_places::test_what_is_over_is_not_launched_again",
    ),
    Defect(
        "launch again what people used, without asking",
        JOBS,
        "(deployment.relaunches or deployment.manifest.stateless)",
        "True",
        "test_places::test_what_people_used_is_launched_again_by_itself_only_where_its_owner_chose_so",
    ),
    Defect(
        "restart a silent service again and again",
        f"{DEPLOYMENT}/restart.py",
        'f"restart-{job.silent_since:%Y%m%dt%H%M%S%f}"',
        'f"restart-{job.at:%Y%m%dt%H%M%S%f}"',
        "test_silence::test_a_service_that_stays_silent_is_restarted_once_by_the_apps_own_program",
    ),
    Defect(
        "tell a full disk at every look",
        BOOK,
        "if is_nearly_full == self.lease.row.is_nearly_full:",
        "if is_nearly_full is None:",
        "test_disk::test_a_disk_that_is_nearly_full_is_told_once_and_stops_nothing",
    ),
    Defect(
        "believe a program without looking whether the address leads to the service",
        f"{DEPLOYMENT}/answer.py",
        "return _program_says(job, probe.run) if led.ok else led",
        "return _program_says(job, probe.run)",
        "test_check::test_a_program_that_says_yes_is_not_enough_where_the_address_leads_nowhere",
    ),
    Defect(
        "restart again and again",
        f"{MACHINE}/make_own.py",
        "        job.book.restarted(job.restart_asked_at)\n",
        "",
        "test_places::test_a_wished_restart_and_a_wished_pull_are_done_once",
    ),
    Defect(
        "stop at the first row that makes us fail",
        WALK,
        "        except Exception:\n",
        "        except ZeroDivisionError:\n",
        "test_sweep::test_a_row_that_meets_a_mistake_of_ours_hinders_no_other",
    ),
)
