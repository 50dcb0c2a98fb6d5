"""Everything that `provisioning.step.Remote` promises, over a real sshd."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from provisioning.errors import GiveUp, TryAgain
from provisioning.ssh import SshRemote
from provisioning.ssh.cargo import cargo
from provisioning.step import Broken, Exited, Peek, RemoteJob, Running
from tests.ssh.sshd import Sshd
from tests.waiting import until

pytestmark = [pytest.mark.sshd, pytest.mark.thorough]


def job(name: str, script: str, **more: object) -> RemoteJob:
    """A job that is a line of shell."""
    return RemoteJob(name, ("sh", "-c", script), **more)  # type: ignore[arg-type]


def ended(remote: SshRemote, name: str) -> Exited:
    """Wait for a job's end."""

    def look() -> Peek:
        seen = remote.peek(name, wait=1)
        return None if isinstance(seen, Running) else seen

    seen = until(f"{name} ends", look)
    assert isinstance(seen, Exited)
    return seen


def test_the_first_visit_ships_our_code_and_tells_the_facts(sshd: Sshd, remote: SshRemote) -> None:
    facts = remote.reach(within=20)

    code = sshd.folder / "root/opt/fairground"
    assert facts.architecture == os.uname().machine
    assert (code / "current").readlink().name == cargo().folder
    assert sorted(entry.name for entry in code.iterdir()) == sorted([cargo().folder, "current"])
    assert remote.reach(within=20) == facts


def test_two_who_ship_at_the_same_moment_do_not_disturb_each_other(sshd: Sshd) -> None:
    with ThreadPoolExecutor(6) as threads:
        facts = list(threads.map(lambda _: sshd.remote().reach(within=30), range(6)))

    assert len(set(facts)) == 1
    assert len(list((sshd.folder / "root/opt/fairground").iterdir())) == 2


def test_what_was_put_can_be_read_in_slices(sshd: Sshd, remote: SshRemote) -> None:
    content = os.urandom(3_000_000)
    path = str(sshd.folder / "a/b/file")
    remote.put(path, content, mode=0o644)

    assert remote.read(path, offset=0, limit=4_000_000) == content
    assert remote.read(path, offset=2_999_990, limit=100) == content[-10:]
    assert remote.read(path, offset=4_000_000, limit=100) == b""


def test_a_missing_file_reads_as_nothing_and_a_pipe_is_refused(sshd: Sshd, remote: SshRemote) -> None:
    os.mkfifo(sshd.folder / "pipe")

    assert remote.read("/no/such/file", offset=0, limit=10) == b""
    with pytest.raises(GiveUp, match="not-a-file"):
        remote.read(str(sshd.folder / "pipe"), offset=0, limit=10)


def test_a_job_runs_detached_and_tells_everything(remote: SshRemote) -> None:
    assert remote.peek("install-1") is None
    remote.start(job("install-1", "echo one; echo '\033[31mtwo\033[0m'; exit 4"))
    remote.start(job("install-1", "echo twice"))

    seen = ended(remote, "install-1")

    assert (seen.code, seen.log, seen.offset) == (4, b"one\n\033[31mtwo\033[0m\n", 0)
    assert seen.written == len(seen.log)
    assert seen.tail == "one\ntwo"


def test_a_running_job_is_watched_and_ended(remote: SshRemote) -> None:
    remote.start(job("long", "echo begun; sleep 1000", timeout=timedelta(minutes=1)))
    until("it speaks", lambda: remote.peek("long") == Running(b"begun\n", 0, 6))

    remote.end("long")
    assert ended(remote, "long").code == 143


def test_a_job_that_cannot_be_repeated_is_told_as_broken(sshd: Sshd, remote: SshRemote) -> None:
    remote.start(job("unique", "sleep 1000", safe_to_repeat=False))
    run = sshd.folder / "root/var/lib/fairground/jobs/unique/run.json"
    until("it runs", run.exists)
    os.kill(json.loads(run.read_text())["runner"], 9)

    assert until("it is told", lambda: isinstance(look := remote.peek("unique"), Broken) and look) == Broken(
        "no-exit-status"
    )


def test_a_job_survives_the_end_of_sshd(sshd: Sshd, remote: SshRemote) -> None:
    remote.start(job("survivor", "sleep 0.5; echo survived"))
    sshd.stop()
    sshd.start()

    assert ended(remote, "survivor").log == b"survived\n"


def test_a_value_reaches_the_program_byte_for_byte(sshd: Sshd, remote: SshRemote) -> None:
    value = b'it\'s "$(id)" `id` \\ \n ${HOME} \xff\xfe'
    path = str(sshd.folder / "values.json")
    remote.put(path, json.dumps({"VALUE": os.fsdecode(value)}).encode())

    remote.start(RemoteJob("value", ("sh", "-c", 'printf %s "$VALUE"'), env_file=path))

    assert ended(remote, "value").log == value


def test_one_connection_serves_many_calls_and_many_threads(sshd: Sshd, remote: SshRemote) -> None:
    remote.reach(within=20)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: remote.call("facts"), range(24)))

    assert sshd.logins() == 1


def test_one_program_answers_many_calls_and_is_started_anew_when_it_is_gone(sshd: Sshd, remote: SshRemote) -> None:
    def answering() -> list[int]:
        mark = os.fsencode(sshd.folder / "root/opt/fairground")
        words = {int(path.parent.name): path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")}
        return [pid for pid, line in words.items() if mark in line and line.endswith(b"\0converse\0")]

    remote.reach(within=20)
    (first,) = answering()
    remote.call("facts")
    assert answering() == [first]

    os.kill(first, 9)
    assert remote.call("facts")
    assert first not in answering()
    assert sshd.logins() == 1


def test_a_refusal_is_raised_with_its_code(remote: SshRemote) -> None:
    with pytest.raises(GiveUp) as stop:
        remote.start(job("x", "true", env_file="/no/such/file"))
    assert (stop.value.code, stop.value.params["said"]) == ("onboard-refused", "bad-env-file")

    with pytest.raises(GiveUp, match="no-such-user"):
        remote.start(job("x", "true", user="nobody-we-know"))


def test_there_is_no_terminal_and_nothing_is_forwarded(sshd: Sshd, remote: SshRemote) -> None:
    seen = remote.run("tty; env; ls -d /tmp/ssh-*/agent.* 2>/dev/null; true", b"", 10_000, 20).out.decode()

    assert seen.startswith("not a tty\n")
    assert not [word for word in ("SSH_AUTH_SOCK", "DISPLAY", "SSH_TTY") if word in seen]


def test_a_call_that_does_not_answer_costs_its_time_and_no_more(remote: SshRemote) -> None:
    remote.reach(within=20)
    began, threads = time.monotonic(), threading.active_count()

    with pytest.raises(TryAgain, match="no-answer"):
        remote.run("sleep 1000", b"", 100, 0.5)

    assert time.monotonic() - began < 30
    assert remote.reach(within=20)
    until("no thread stays behind", lambda: threading.active_count() <= threads)


def test_endless_output_costs_its_limit_and_no_more(sshd: Sshd, remote: SshRemote) -> None:
    remote.reach(within=20)
    with pytest.raises(TryAgain, match="machine-misbehaves"):
        remote.run("yes", b"", 100_000, 20)
    assert sshd.logins() == 1
    with pytest.raises(TryAgain, match=r"no-answer|misbehaves"):
        remote.run("yes >&2", b"", 100_000, 1)

    assert remote.reach(within=20)


def test_what_a_login_shell_says_first_is_overheard(sshd: Sshd, remote: SshRemote) -> None:
    remote.reach(within=20)
    door = sshd.folder / "root/opt/fairground/current/machine/onboard/onboard"
    door.write_text(door.read_text().replace("exec", "echo welcome; echo; exec", 1))

    assert remote.reach(within=20)
