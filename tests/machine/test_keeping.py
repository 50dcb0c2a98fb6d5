"""Long-running programs: kept alive by a real runit, restarted with patience, ended with all their children."""

import base64
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from machine.onboard.kept_program import told_code
from machine.onboard.systemd import UNIT
from tests.machine.onboard import Json, Onboard
from tests.machine.test_jobs import alive, pid_in
from tests.waiting import until

pytestmark = pytest.mark.thorough


class Keeper:
    """A machine with runit."""

    def __init__(self, board: Onboard) -> None:
        self.board = board
        self.links = board.root / "etc/service"
        self.links.mkdir(parents=True)
        self.runsvdir = subprocess.Popen(["runsvdir", "-P", self.links], env=board.environment)

    def program(self, name: str, script: str, **more: Any) -> Json:
        """A program that is a line of shell."""
        return {"name": name, "run": ["sh", "-c", script], **more}

    def supervise(self, *programs: Json) -> list[str]:
        """Say which programs there are to be."""
        return list(self.board.ask("supervise", processes=list(programs))["changed"])

    def seen(self, name: str) -> Json:
        """How one does."""
        return next((one for one in self.board.ask("processes")["processes"] if one["name"] == name), {})

    def runs(self, name: str) -> Json:
        """Wait until it runs."""
        return dict(until(f"{name} runs", lambda: (seen := self.seen(name)).get("state") == "running" and seen))


@pytest.fixture
def keeper(board: Onboard) -> Iterator[Keeper]:
    """A machine with runit; ended with all it runs."""
    if not shutil.which("runsvdir"):
        message = "needs runit: apt-get install runit"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    keeper = Keeper(board)
    yield keeper
    board.ask("stop-all")
    keeper.runsvdir.send_signal(signal.SIGHUP)
    keeper.runsvdir.wait()


def test_a_program_is_kept_alive_with_its_values_and_place(keeper: Keeper) -> None:
    root = keeper.board.root
    values = root / "values.json"
    values.touch(mode=0o600)
    values.write_text('{"GREETING": "it\'s \\"me\\"\\n"}')
    script = f'printf "%s %s %s" "$PWD" "$GREETING" "$MORE" > {root}/said; echo out; echo err >&2; exec sleep 1000'
    web = keeper.program("web", script, directory=str(root), env_file=str(values), env={"MORE": "$x"})

    assert keeper.supervise(web) == ["web"]
    assert keeper.seen("web")["state"] in ("starting", "running")
    keeper.runs("web")
    until("it has spoken", lambda: (root / "said").exists() and (root / "said").read_text())
    assert (root / "said").read_text() == f'{root} it\'s "me"\n $x'
    until(
        "its words are kept",
        lambda: base64.b64decode(keeper.board.ask("process-log", name="web")["log"]).count(b"\n") == 2,
    )


def test_the_same_list_changes_nothing(keeper: Keeper) -> None:
    web = keeper.program("web", "exec sleep 1000")
    keeper.supervise(web)
    pid = keeper.runs("web")["pid"]

    assert keeper.supervise(web) == []
    assert keeper.seen("web")["pid"] == pid


def test_a_killed_program_comes_back(keeper: Keeper) -> None:
    keeper.supervise(keeper.program("web", "exec sleep 1000"))
    pid = keeper.runs("web")["pid"]

    os.kill(pid, signal.SIGKILL)

    until("another one runs", lambda: keeper.seen("web")["state"] == "running" and keeper.seen("web")["pid"] != pid)
    assert keeper.seen("web")["last_code"] == 128 + 9


def test_a_program_that_always_crashes_is_restarted_ever_more_slowly(keeper: Keeper) -> None:
    keeper.supervise(keeper.program("bad", "exit 3"))

    until(
        "it is given a pause", lambda: keeper.seen("bad")["state"] == "backing-off" and keeper.seen("bad")["starts"] > 2
    )
    assert keeper.seen("bad")["last_code"] == 3


def test_a_restart_is_a_new_one_without_a_pause(keeper: Keeper) -> None:
    keeper.supervise(keeper.program("a", "exec sleep 1000"), keeper.program("b", "exec sleep 1000"))
    pids = {name: keeper.runs(name)["pid"] for name in ("a", "b")}

    assert keeper.board.ask("restart", names=["a"]) == {"restarted": ["a"]}
    # runit counts in seconds: of a program that is younger, it does not wait for the end
    until("another one runs", lambda: keeper.runs("a")["pid"] != pids["a"])
    assert keeper.seen("b")["pid"] == pids["b"]


def test_children_end_with_their_program(keeper: Keeper) -> None:
    child = keeper.board.root / "child"
    keeper.supervise(keeper.program("web", f"sleep 1000 & echo $! > {child}; wait"))
    pid = pid_in(child)

    assert keeper.board.ask("stop-all") == {"stopped": ["web"]}
    assert not alive(pid)
    assert keeper.seen("web")["state"] == "stopped"


def test_children_of_a_killed_program_end_before_the_next_one_begins(keeper: Keeper) -> None:
    child = keeper.board.root / "child"
    keeper.supervise(keeper.program("web", f"sleep 1000 & echo $! > {child}; wait"))
    first = pid_in(child)

    os.kill(keeper.runs("web")["pid"], signal.SIGKILL)

    until("there is a new child", lambda: pid_in(child) != first)
    assert not alive(first)


def test_a_program_deaf_to_term_is_ended_all_the_same(keeper: Keeper) -> None:
    keeper.supervise(keeper.program("deaf", "trap '' TERM; while :; do sleep 0.1; done"))
    pid = keeper.runs("deaf")["pid"]

    keeper.board.ask("stop-all")

    until("it is gone", lambda: not alive(pid))


def test_what_is_not_in_the_list_any_more_goes(keeper: Keeper) -> None:
    keeper.supervise(keeper.program("a", "exec sleep 1000"), keeper.program("b", "exec sleep 1000"))
    pid = keeper.runs("b")["pid"]

    assert keeper.supervise(keeper.program("a", "exec sleep 1000")) == ["b"]
    assert not alive(pid)
    assert keeper.seen("b") == {}
    assert [link.name for link in keeper.links.iterdir()] == ["fairground-a"]


def test_an_announced_program_does_not_run_before_it_is_wanted(keeper: Keeper) -> None:
    keeper.board.ask("announce", names=["web"])

    until("runit has found it", (keeper.links / "fairground-web/supervise/ok").exists)
    assert keeper.seen("web") == {}

    keeper.supervise(keeper.program("web", "sleep 1000"))
    first = keeper.runs("web")["pid"]
    keeper.board.ask("announce", names=["web"])
    assert keeper.runs("web")["pid"] == first


def test_a_changed_program_and_changed_values_are_a_restart(keeper: Keeper) -> None:
    values = keeper.board.root / "values.json"
    values.touch(mode=0o600)
    values.write_text("{}")
    web = keeper.program("web", "exec sleep 1000", env_file=str(values))
    keeper.supervise(web)
    first = keeper.runs("web")["pid"]

    values.write_text('{"NEW": "1"}')
    assert keeper.supervise(web) == ["web"]
    until("another one runs", lambda: keeper.runs("web")["pid"] != first)


def test_stopped_programs_stay_so_until_they_are_wanted_again(keeper: Keeper) -> None:
    web = keeper.program("web", "exec sleep 1000")
    keeper.supervise(web)
    keeper.runs("web")
    keeper.board.ask("stop-all")

    assert not list(keeper.links.iterdir())
    assert keeper.board.ask("restart") == {"restarted": []}
    assert keeper.supervise(web) == ["web"]
    keeper.runs("web")


def test_ending_all_leaves_nothing_at_work(keeper: Keeper) -> None:
    (keeper.board.root / "etc/cron.d").mkdir(parents=True)
    keeper.board.ask("schedule", every=10, key="x")
    keeper.supervise(keeper.program("web", "exec sleep 1000"))
    keeper.board.sh("job", "sleep 1000")
    pids = [keeper.runs("web")["pid"], keeper.board.run("job")["pid"]]

    told = keeper.board.ask("end-all")

    assert told == {"unscheduled": True, "processes": ["web"], "jobs": ["job"]}
    assert not any(alive(pid) for pid in pids)
    assert keeper.board.ask("end-all") == {"unscheduled": False, "processes": [], "jobs": []}


@pytest.mark.parametrize(
    ("said", "code"), [(("0", "0"), 0), (("3", "768"), 3), (("-1", "9"), 137), (("TERM", "0"), 143), (("?X", "0"), 128)]
)
def test_how_a_program_ended_is_told_alike_by_both_supervisors(said: tuple[str, str], code: int) -> None:
    assert told_code(*said) == code


def test_a_unit_of_systemd_says_what_runit_is_told() -> None:
    unit = UNIT.format(name="web", onboard="/opt/fairground/current/onboard")

    assert "ExecStart=/opt/fairground/current/onboard program-run web\n" in unit
    assert "ExecStopPost=/opt/fairground/current/onboard program-ended web $EXIT_STATUS\n" in unit
    assert "Restart=always\n" in unit


WRONG = [
    {"name": "../x"}, {"name": "A"}, {"run": []}, {"run": "sh"}, {"run": ["a\0"]}, {"user": "nobody-we-know"},
    {"env": {"A": 1}}, {"env": []}, {"env_file": "/no/such/file"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_program_that_could_never_start_is_refused(board: Onboard, wrong: Json) -> None:
    answer = board.ask("supervise", processes=[{"name": "web", "run": ["true"], **wrong}])

    assert answer["error"]["code"] in ("bad-input", "no-such-user", "bad-env-file")
    assert board.ask("processes") == {"processes": []}
