"""Detached jobs: once, whole, bounded, and never in doubt about how they ended."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.machine.onboard import Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


def alive(pid: int) -> bool:
    """Does this program still run?"""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def pid_in(path: Path) -> int:
    """The process id that a test's program wrote down."""
    until(f"{path.name} is written", lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def test_a_job_runs_to_its_end_and_tells_output_and_status(board: Onboard) -> None:
    board.sh("greet", "echo hello; echo oh >&2; exit 3")

    seen = board.ended("greet")

    assert (seen["code"], seen["cause"]) == (3, "exited")
    assert seen["log"] == b"hello\noh\n" == seen["tail"]
    assert (seen["offset"], seen["written"]) == (0, 9)


def test_a_job_that_was_never_started_is_nothing(board: Onboard) -> None:
    assert board.peek("ghost") == {"state": "none"}


def test_a_second_start_of_the_same_job_is_a_no_op(board: Onboard) -> None:
    assert board.sh("once", f"echo x >> {board.root}/count") == {"started": True}
    board.ended("once")

    assert board.sh("once", f"echo x >> {board.root}/count") == {"started": False}
    assert (board.root / "count").read_text() == "x\n"


def test_of_many_who_start_at_the_same_moment_one_does(board: Onboard) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: board.sh("race", f"echo x >> {board.root}/count"), range(8)))

    assert board.ended("race")["code"] == 0
    assert sum(answer["started"] for answer in answers) == 1
    assert (board.root / "count").read_text() == "x\n"


def test_a_look_waits_on_the_machine_for_the_end(board: Onboard) -> None:
    board.sh("nap", "sleep 0.4")
    assert board.peek("nap", wait=1)["state"] == "exited"

    board.sh("long-nap", "sleep 30")
    began = time.monotonic()
    assert board.peek("long-nap", wait=0.3)["state"] == "running"
    assert 0.3 <= time.monotonic() - began < 30


def test_standard_input_is_empty_and_there_is_no_terminal(board: Onboard) -> None:
    board.sh("asks", "read answer; echo got $?; tty; test -t 1 || echo none")

    assert board.ended("asks")["log"] == b"got 1\nnot a tty\nnone\n"


def test_the_deadline_is_kept_on_the_machine(board: Onboard) -> None:
    board.sh("endless", f"echo $$ > {board.root}/pid; sleep 1000 & sleep 1000", timeout=0.5)

    seen = board.ended("endless")

    assert (seen["code"], seen["cause"]) == (124, "deadline")
    assert not alive(pid_in(board.root / "pid"))


def test_a_job_that_is_deaf_to_term_is_killed_with_its_whole_group(board: Onboard) -> None:
    script = f"trap '' TERM; sh -c 'echo $$ > {board.root}/pid; trap \"\" TERM; sleep 1000 & wait' & wait; sleep 1000"
    board.sh("deaf", script, timeout=1)

    seen = board.ended("deaf")

    assert (seen["code"], seen["cause"]) == (124, "deadline")
    until("the group is gone", lambda: not alive(pid_in(board.root / "pid")))


def test_what_stays_in_the_group_goes_with_the_program(board: Onboard) -> None:
    board.sh("leaves", f"sleep 1000 & echo $! > {board.root}/pid")

    assert board.ended("leaves")["code"] == 0
    assert not alive(pid_in(board.root / "pid"))


def test_a_daemon_lives_on_and_does_not_keep_the_job_running(board: Onboard) -> None:
    talk = f"echo $$ > {board.root}/pid; while :; do echo still here; sleep 0.05; done"
    board.sh("installer", f"setsid sh -c '{talk}' & while ! test -s {board.root}/pid; do sleep 0.01; done")
    daemon = pid_in(board.root / "pid")
    try:
        assert board.ended("installer")["code"] == 0
        size = board.peek("installer")["written"]
        talked_on = time.monotonic() + 0.5
        until("it has talked on", lambda: time.monotonic() > talked_on)
        assert alive(daemon)
        assert board.peek("installer")["written"] == size
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_ending_a_job_ends_its_group_and_it_never_runs_again(board: Onboard) -> None:
    board.sh("busy", f"echo $$ > {board.root}/pid; sleep 1000")
    pid = pid_in(board.root / "pid")

    assert board.ask("job-end", name="busy") == {"ended": True}
    assert not alive(pid)
    seen = board.peek("busy")
    assert (seen["state"], seen["code"], seen["cause"]) == ("exited", 143, "ended")
    assert board.ask("job-end", name="busy") == {"ended": False}


def test_ending_what_never_began_is_silent(board: Onboard) -> None:
    assert board.ask("job-end", name="ghost") == {"ended": False}


def test_a_killed_runner_takes_what_it_left_with_it_and_the_job_runs_again(board: Onboard) -> None:
    board.sh("again", f"echo $$ >> {board.root}/pids; test -e {board.root}/second || exec sleep 1000")
    first = pid_in(board.root / "pids")
    os.kill(board.run("again")["runner"], signal.SIGKILL)
    (board.root / "second").touch()

    seen = board.ended("again")

    assert seen["code"] == 0
    assert b"cut off (no-exit-status), started again" in seen["log"]
    assert len((board.root / "pids").read_text().split()) == 2
    assert not alive(first)


def test_a_killed_runner_of_a_job_that_must_not_run_twice_is_told(board: Onboard) -> None:
    board.sh("unique", f"echo $$ >> {board.root}/pids; exec sleep 1000", safe_to_repeat=False)
    first = pid_in(board.root / "pids")
    os.kill(board.run("unique")["runner"], signal.SIGKILL)

    seen = board.ended("unique")

    assert (seen["state"], seen["why"]) == ("broken", "no-exit-status")
    assert (board.root / "pids").read_text() == f"{first}\n"
    assert not alive(first)


def test_a_job_whose_runner_always_dies_is_given_up(board: Onboard) -> None:
    board.sh("doomed", "kill -9 $PPID; sleep 1000")

    seen = board.ended("doomed")

    assert (seen["state"], seen["why"]) == ("broken", "no-exit-status")
    assert (board.jobs / "doomed/launches").read_text() == "..."


@pytest.mark.parametrize(("safe", "state"), [(True, "exited"), (False, "broken")])
def test_a_restarted_machine_is_seen_by_its_mark(board: Onboard, safe: bool, state: str) -> None:
    board.sh("cut", f"test -e {board.root}/second || exec sleep 1000", safe_to_repeat=safe)
    run = board.run("cut")
    os.kill(run["runner"], signal.SIGKILL)
    with suppress(ProcessLookupError):  # killed before it let the program begin, its runner takes it along
        os.killpg(run["pid"], signal.SIGKILL)
    path = board.jobs / "cut/run.json"
    path.write_text(path.read_text().replace(run["mark"], "another-boot-1"))
    (board.root / "second").touch()

    seen = board.ended("cut")

    assert seen["state"] == state
    assert b"machine-restarted" in seen["log"] + seen.get("why", "").encode()


def test_a_claim_whose_starter_died_before_the_runner_is_taken_up(board: Onboard) -> None:
    board.sh("claimed", "true", safe_to_repeat=False)
    board.ended("claimed")
    for name in ("exit.json", "run.json", "launches"):
        (board.jobs / "claimed" / name).unlink()
    (board.jobs / "claimed/exit.part").write_bytes(b" " * 1024)

    assert board.ended("claimed")["code"] == 0


def test_a_program_that_is_not_there_ends_with_127_and_says_so(board: Onboard) -> None:
    board.start("absent", "/no/such/program")

    seen = board.ended("absent")

    assert seen["code"] == 127
    assert b"cannot start '/no/such/program'" in seen["log"]


def test_a_job_without_its_folder_ends_with_127(board: Onboard) -> None:
    board.start("homeless", "true", directory="/no/such/folder")

    assert board.ended("homeless")["code"] == 127


def test_a_death_by_signal_is_told_as_a_shell_would(board: Onboard) -> None:
    board.sh("hit", "kill -KILL $$")

    assert board.ended("hit")["code"] == 137


def test_the_folder_of_all_jobs_is_ours_alone(board: Onboard) -> None:
    board.sh("quiet", "true")

    assert (board.root / "var/lib/fairground").stat().st_mode & 0o777 == 0o700
    assert board.jobs.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", "a" * 65, ".new", "a\n", "-a", "a\0"])
def test_a_name_that_is_no_folder_name_is_refused(board: Onboard, name: str) -> None:
    assert board.start(name, "true")["error"]["code"] == "bad-input"


def test_a_user_that_does_not_exist_is_refused_before_anything_is_claimed(board: Onboard) -> None:
    assert board.start("stranger", "true", user="nobody-we-know")["error"]["code"] == "no-such-user"
    assert board.peek("stranger") == {"state": "none"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_job_runs_as_its_user_without_our_groups(board: Onboard) -> None:
    board.sh("humble", "id -un; id -Gn; echo $HOME $USER", user="nobody")

    assert board.ended("humble")["log"] == b"nobody\nnogroup\n/nonexistent nobody\n"


def test_old_jobs_of_a_step_are_forgotten_with_what_they_were_given(board: Onboard) -> None:
    given = board.root / "var/lib/fairground/given/pull-1.json"
    given.parent.mkdir(parents=True, mode=0o700)
    given.write_text("{}")
    for number in range(1, 8):
        board.sh(f"pull-{number}", "true")
        board.ended(f"pull-{number}")
    assert sorted(folder.name for folder in board.jobs.glob("pull-*")) == [f"pull-{number}" for number in range(2, 8)]
    assert not given.exists()


def test_a_job_that_runs_is_never_forgotten_nor_are_those_of_other_steps(board: Onboard) -> None:
    board.sh("install-1-abc", "true")
    board.sh("pull-1", "sleep 1000")
    for number in range(2, 10):
        board.sh(f"pull-{number}", "true")
        board.ended(f"pull-{number}")
    assert board.peek("pull-1")["state"] == "running"
    assert board.ended("install-1-abc")["code"] == 0
    assert board.sh("install-1-abc", "false")["started"] is False
