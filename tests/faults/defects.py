"""Seeded defects: each takes one guard away, and a test with a name must turn red.

`python -m tests.faults.defects` applies them one by one to a copy of the tree and reports. A guard that no test misses is
not yet tested.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300
"""Seconds for one test; a defect that makes a test hang counts as found."""
AT_ONCE = 2

LEASE = "provisioning/reconciler/lease.py"
WALK = "provisioning/reconciler/walk.py"
KEEP = "provisioning/reconciler/keep.py"
STEPS = "provisioning/steps"
LIFE, DAYS = "test_one_life", "test_bad_days"


@dataclass(frozen=True)
class Defect:
    """A small change to one file, and the test that must not let it pass."""

    name: str
    file: str
    old: str
    new: str
    test: str

    @property
    def node(self) -> str:
        """The test as pytest names it."""
        module, _, name = self.test.partition("::")
        return f"tests/reconciler/{module}.py::{name}"


DEFECTS: Sequence[Defect] = (
    Defect(
        "drop the fence",
        LEASE,
        "filter(pk=self.row.pk, lease_epoch=self.epoch)",
        "filter(pk=self.row.pk)",
        "test_lease::test_whoever_was_overtaken_writes_nothing",
    ),
    Defect(
        "claim a row that somebody has",
        LEASE,
        "lease_epoch=row.lease_epoch, lease_until__lte=at)",
        "lease_epoch=row.lease_epoch)",
        "test_lease::test_a_row_is_claimed_once",
    ),
    Defect(
        "forget the wake",
        LEASE,
        'pending["due_at"] = next_look = self.at',
        "pass",
        "test_lease::test_a_wake_during_a_pass_makes_the_row_due_at_once",
    ),
    Defect(
        "leave the fence open for other rows",
        LEASE,
        '            self._write({"lease_epoch": self.epoch})\n            yield',
        "            yield",
        "test_lease::test_a_fence_keeps_an_overtaken_pass_from_other_rows",
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
        "provisioning/reconciler/decide.py",
        "case (Wanted.GONE, _) | (_, Phase.RETIRING):",
        "case Wanted.GONE, Phase.READY | Phase.BUILDING | Phase.RETIRING:",
        "test_decide::test_a_wish_to_go_wins_over_everything",
    ),
    Defect(
        "gone before it is seen absent",
        f"{STEPS}/machine/remove.py",
        ".seen != Seen.ABSENT:\n            return False",
        ".seen != Seen.ABSENT:\n            return True",
        "test_admission::test_room_is_released_when_the_machine_is_gone_not_at_the_click",
    ),
    Defect(
        "release the room at the click",
        "provisioning/admission.py",
        "    living = Machine.objects.filter(fabric=fabric).exclude(phase=Phase.GONE)",
        "    living = Machine.objects.filter(fabric=fabric, wanted=Wanted.UP).exclude(phase=Phase.GONE)",
        "test_admission::test_room_is_released_when_the_machine_is_gone_not_at_the_click",
    ),
    Defect(
        "count nothing",
        "provisioning/admission.py",
        "if living.count() >= fabric.most_machines:",
        "if living.count() > 10 * fabric.most_machines:",
        "test_admission::test_fifty_at_once_at_a_limit_of_three_are_three",
    ),
    Defect(
        "serve whoever came first",
        "provisioning/admission.py",
        "        _check_turn(deployment, turn, at)",
        "        pass",
        "test_admission::test_one_who_comes_late_is_served_before_the_tenth_of_another",
    ),
    Defect(
        "let nobody know that room is free",
        WALK,
        "admission.wake_next(self.at)",
        "pass",
        "test_admission::test_who_waits_is_let_in_the_moment_there_is_room",
    ),
    Defect(
        "give a freed slot away at once",
        "provisioning/slots.py",
        "slot = fabric.last_slot % slots + 1",
        "slot = 1",
        "test_admission::test_a_freed_slot_is_not_at_once_somebody_elses",
    ),
    Defect(
        "make a dead machine again under its key",
        f"{STEPS}/machine/watch.py",
        "                raise GiveUp(DIED, blame=Blame.FABRIC)",
        "                return False",
        f"{DAYS}::test_a_machine_killed_from_outside_is_noticed_told_settled_and_cleaned_up",
    ),
    Defect(
        "call a copy that failed lost, and go on",
        f"{STEPS}/deployment/settle.py",
        "job.book.hold(machine.key, until=job.hold_until)",
        "return job.book.settle(machine.key, Settled.LOST)",
        f"{DAYS}::test_a_copy_that_cannot_be_made_puts_the_machine_on_hold_and_deletes_nothing",
    ),
    Defect(
        "remove what people used without a copy",
        f"{STEPS}/deployment/settle.py",
        "if not job.may_hold_data(machine):",
        "if job.may_hold_data(machine):",
        f"{LIFE}::test_it_ends_by_itself_with_a_checked_copy_and_nothing_left",
    ),
    Defect(
        "take the first answer for all of them",
        f"{STEPS}/deployment/answer.py",
        "if job.answered_times + 1 < job.manifest.probe.successes:",
        "if job.answered_times + 1 < 1:",
        f"{LIFE}::test_ready_takes_as_many_good_answers_as_the_manifest_wants",
    ),
    Defect(
        "ready without asking the page",
        "provisioning/reconciler/plans.py",
        "        of_deployment.AnswerAtMachine(),\n        of_deployment.Publish(),\n        of_deployment.AnswerAtAddress(),\n",
        "        of_deployment.Publish(),\n",
        f"{DAYS}::test_a_page_that_never_answers_fails_with_the_reason",
    ),
    Defect(
        "leave the address leading there",
        "provisioning/reconciler/plans.py",
        "    (Kind.DEPLOYMENT, Course.RETIRING): (\n        of_deployment.Unpublish(),",
        "    (Kind.DEPLOYMENT, Course.RETIRING): (",
        f"{LIFE}::test_it_ends_by_itself_with_a_checked_copy_and_nothing_left",
    ),
    Defect(
        "keep the keys",
        "provisioning/reconciler/plans.py",
        "        of_deployment.Forget(),\n",
        "",
        f"{LIFE}::test_keys_and_first_passwords_are_forgotten_at_the_end",
    ),
    Defect(
        "try for ever",
        WALK,
        "return self.course == Course.LAUNCHING and self.at >= self.row.gives_up_at",
        "return False",
        f"{DAYS}::test_a_launch_that_hangs_is_given_up_in_the_end",
    ),
    Defect(
        "begin anew when tried again",
        WALK,
        "kept = self.row.steps_done if self.kind == Kind.MACHINE else self._use_again()",
        "kept = self._use_again() if self.kind != Kind.MACHINE else []",
        f"{DAYS}::test_trying_again_goes_on_from_the_step_that_failed",
    ),
    Defect(
        "remove a stray at first sight",
        KEEP,
        "first_seen_at__lte=at - STRANGER_FOR",
        "first_seen_at__lte=at",
        "test_keep::test_a_stray_goes_after_two_lists_some_time_apart",
    ),
    Defect(
        "remove strays in quarantine",
        KEEP,
        "elif not Admission.objects.filter(quarantined=True).exists():",
        "else:",
        "test_keep::test_nothing_without_a_row_is_removed_in_quarantine",
    ),
    Defect(
        "warn again and again",
        KEEP,
        'cause = f"warning:{end}:{seconds}"',
        'cause = f"warning:{at}"',
        "test_keep::test_two_services_of_one_event_are_one_warning",
    ),
    Defect(
        "move the event and not what is in it",
        "provisioning/models/event.py",
        "            self._move_deployments(to, at)\n",
        "",
        "test_keep::test_an_extended_event_ends_later_and_so_does_all_in_it",
    ),
    Defect(
        "launch again at every press",
        "provisioning/models/deployment.py",
        "if before := self.filter(owner=by, form_token=form_token).first():",
        'if before := self.filter(owner=by, form_token="").first():',
        f"{LIFE}::test_the_same_form_token_is_the_same_service",
    ),
    Defect(
        "keep copies for ever",
        KEEP,
        "        last_first.callback(delete_old_copies, at, world)\n",
        "",
        "test_keep::test_a_copy_is_deleted_when_its_time_is_over_and_the_row_says_when",
    ),
)


def tracked() -> list[str]:
    """The files of the tree, as git knows them and as they are now."""
    told = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in told.stdout.splitlines() if (ROOT / name).is_file()]


def verdict(defect: Defect) -> str:
    """Apply one defect to a copy of the tree and play its test there."""
    with tempfile.TemporaryDirectory(prefix="defect-") as folder:
        tree = Path(folder) / "tree"
        for name in tracked():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
        code = (tree / defect.file).read_text()
        if code.count(defect.old) != 1:
            return f"its text stands {code.count(defect.old)} times in {defect.file}"
        (tree / defect.file).write_text(code.replace(defect.old, defect.new))
        return _play(defect, tree, {**os.environ, "FAIRGROUND_HOME": f"{folder}/home"})


def _play(defect: Defect, tree: Path, env: dict[str, str]) -> str:
    Path(env["FAIRGROUND_HOME"]).mkdir()
    words = [sys.executable, "-m", "pytest", "-q", "-x", defect.node]
    try:
        code = subprocess.run(words, cwd=tree, env=env, capture_output=True, timeout=PATIENCE, check=False).returncode
    except subprocess.TimeoutExpired:
        return "red"
    return {0: "GREEN", 1: "red"}.get(code, f"pytest ended with {code}")


def main(argv: Sequence[str]) -> int:
    """Report on all of them, or on those whose name holds a word."""
    words = argparse.ArgumentParser(prog="python -m tests.faults.defects", description=__doc__)
    words.add_argument("--only", default="")
    asked = [defect for defect in DEFECTS if words.parse_args(argv).only in defect.name]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(zip(asked, pool.map(verdict, asked), strict=True))
    for defect, came in told:
        print(f"{came:8} {defect.name}: {defect.test}")
    missed = [defect for defect, came in told if came != "red"]
    print(f"{len(asked)} defects, {len(missed)} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
