"""kill -9 at any moment: whatever was begun is whole, or is done again, and never twice where twice is wrong."""

import json
import os
import random
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from tests.machine.content import Content
from tests.machine.git_server import GitServer, Repository
from tests.machine.onboard import Json, Onboard
from tests.waiting import until

pytestmark = pytest.mark.thorough


def killed_after(board: Onboard, seconds: float, program: str, *words: str, question: bytes = b"") -> None:
    """Run a verb or program of ours and kill it, and all in its group, after so many seconds."""
    command = [str(board.code / "onboard"), program, *words]
    began = subprocess.Popen(command, stdin=subprocess.PIPE, env=board.environment, process_group=0)
    assert began.stdin
    with suppress(BrokenPipeError):
        began.stdin.write(question)
        began.stdin.close()
    end = time.monotonic() + seconds
    until("the moment has come", lambda: time.monotonic() >= end or began.poll() is not None)
    with suppress(ProcessLookupError):
        os.killpg(began.pid, signal.SIGKILL)
    began.wait()


@pytest.mark.parametrize("seed", range(12))
def test_a_start_that_was_killed_and_repeated_runs_the_job_once(board: Onboard, seed: int) -> None:
    given: Json = {"name": "once", "argv": ["sh", "-c", f"echo run >> {board.root}/runs"], "safe_to_repeat": False}
    moment = random.Random(seed).uniform(0, 0.12)

    killed_after(board, moment, "job-start", question=json.dumps(given).encode())
    board.ask("job-start", **given)

    assert board.ended("once")["code"] == 0
    assert (board.root / "runs").read_text() == "run\n"


@pytest.mark.parametrize("seed", range(12))
def test_a_runner_that_was_killed_at_any_moment_never_runs_a_job_twice(board: Onboard, seed: int) -> None:
    board.sh("once", f"echo run >> {board.root}/runs; sleep 0.05", safe_to_repeat=False)
    moment = time.monotonic() + random.Random(seed).uniform(0, 0.2)
    until("the moment has come", lambda: time.monotonic() >= moment)
    for path in (board.jobs / "once").glob("run.json"):
        with suppress(ProcessLookupError):
            os.kill(json.loads(path.read_text())["runner"], signal.SIGKILL)

    seen = board.ended("once")

    assert seen["state"] == "broken" or seen["code"] == 0
    assert (board.root / "runs").read_text() == "run\n"


@pytest.mark.parametrize("seed", range(10))
def test_a_pull_that_was_killed_leaves_whole_content_and_the_next_one_is_in(
    board: Onboard, server: GitServer, repository: Repository, seed: int
) -> None:
    content = Content(board, server)
    old = {f"file-{number}": "old" for number in range(50)}
    repository.commit(**old)
    content.pull()
    new = dict.fromkeys(old, "new")
    commit = repository.commit(**new)

    killed_after(board, random.Random(seed).uniform(0, 0.6), "pull")

    assert content.shown() in (old, new)
    assert content.pull().returncode == 0
    assert content.shown() == new
    assert content.told()["commit"] == commit
    assert not list(content.releases.glob(".fresh*"))
